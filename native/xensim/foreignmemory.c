/*
 * libxenforeignmemory: frames of any domain, for programs that joined domain 0. Of a simulated domain
 * the frames of its xenstore and console pages can be had, for these alone have numbers.
 */
#define _GNU_SOURCE
#include "foreignmemory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "pages.h"

struct xenforeignmemory_handle {
    struct xensim_pages pages;
};

XENSIM_PUBLIC xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                                             unsigned open_flags)
{
    (void)logger;
    (void)open_flags;
    xenforeignmemory_handle *handle = malloc(sizeof *handle);
    if (!handle || xensim_open_pages(&handle->pages, XENSIM_PRIVCMD) == 0)
        return handle;
    int error = errno;
    free(handle);
    errno = error;
    return NULL;
}

XENSIM_PUBLIC int xenforeignmemory_close(xenforeignmemory_handle *handle)
{
    if (!handle)
        return 0;
    xensim_close_pages(&handle->pages);
    free(handle);
    return 0;
}

struct map_request {
    uint32_t domid;
    uint32_t is_writable;
    uint64_t frames[XENSIM_PAGES_MAX];
};

/* Says for each page whether it is there; whoever gives no room for that wants all or nothing. */
static int judge(const struct xensim_place *places, size_t pages, int errors[])
{
    for (size_t page = 0; page < pages; page++) {
        int error = places[page].name[0] == '\0' ? EINVAL : 0;
        if (errors)
            errors[page] = -error;
        else if (error) {
            errno = error;
            return -1;
        }
    }
    return 0;
}

static void *map(xenforeignmemory_handle *handle, const struct map_request *request, int prot, size_t pages,
                 struct xensim_place *places, int errors[])
{
    uint32_t room = (uint32_t)(pages * sizeof *places), bytes = 0;
    int mapped = xensim_ask(&handle->pages.link, XENSIM_MAP_FOREIGN, request, (uint32_t)(8 + 8 * pages), places,
                            room, &bytes);
    if (mapped < 0)
        return NULL;
    uint32_t id = (uint32_t)mapped;
    void *address = NULL;
    if (bytes != room)
        errno = EIO;
    else if (judge(places, pages, errors) == 0)
        address = xensim_map(&handle->pages, id, places, pages, prot);
    if (!address) {
        int error = errno;
        xensim_ask(&handle->pages.link, XENSIM_UNMAP_FOREIGN, &id, sizeof id, NULL, 0, NULL);
        errno = error;
    }
    return address;
}

XENSIM_PUBLIC void *xenforeignmemory_map2(xenforeignmemory_handle *handle, uint32_t domid, void *wanted, int prot,
                                          int flags, size_t pages, const xen_pfn_t frames[], int errors[])
{
    (void)wanted; /* A hint, without MAP_FIXED. */
    if (pages < 1 || pages > XENSIM_PAGES_MAX || (flags & MAP_FIXED)) {
        errno = flags & MAP_FIXED ? EOPNOTSUPP : pages < 1 ? EINVAL : E2BIG;
        return NULL;
    }
    struct map_request *request = malloc(sizeof *request);
    struct xensim_place *places = malloc(pages * sizeof *places);
    void *address = NULL;
    if (request && places) {
        request->domid = domid;
        request->is_writable = (prot & PROT_WRITE) != 0;
        for (size_t page = 0; page < pages; page++)
            request->frames[page] = frames[page];
        address = map(handle, request, prot, pages, places, errors);
    }
    int error = errno;
    free(request);
    free(places);
    errno = error;
    return address;
}

XENSIM_PUBLIC void *xenforeignmemory_map(xenforeignmemory_handle *handle, uint32_t domid, int prot, size_t pages,
                                         const xen_pfn_t frames[], int errors[])
{
    return xenforeignmemory_map2(handle, domid, NULL, prot, 0, pages, frames, errors);
}

XENSIM_PUBLIC int xenforeignmemory_unmap(xenforeignmemory_handle *handle, void *address, size_t pages)
{
    return xensim_unmap(&handle->pages, XENSIM_UNMAP_FOREIGN, address, pages);
}

static int not_simulated(void)
{
    errno = EOPNOTSUPP;
    return -1;
}

XENSIM_PUBLIC int xenforeignmemory_restrict(xenforeignmemory_handle *handle, domid_t domid)
{
    (void)handle;
    (void)domid;
    return not_simulated();
}

XENSIM_PUBLIC xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *handle, domid_t domid, unsigned int type, unsigned int id,
                              unsigned long frame, unsigned long frames, void **address, int prot, int flags)
{
    (void)handle;
    (void)domid;
    (void)type;
    (void)id;
    (void)frame;
    (void)frames;
    (void)address;
    (void)prot;
    (void)flags;
    not_simulated();
    return NULL;
}

XENSIM_PUBLIC int xenforeignmemory_unmap_resource(xenforeignmemory_handle *handle,
                                                  xenforeignmemory_resource_handle *resource)
{
    (void)handle;
    (void)resource;
    return not_simulated();
}

XENSIM_PUBLIC int xenforeignmemory_resource_size(xenforeignmemory_handle *handle, domid_t domid,
                                                 unsigned int type, unsigned int id, size_t *size)
{
    (void)handle;
    (void)domid;
    (void)type;
    (void)id;
    (void)size;
    return not_simulated();
}
