/* The half of libxengnttab that maps pages of other domains: /dev/xen/gntdev. */
#include "gnttab.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "pages.h"

struct xengntdev_handle {
    struct xensim_pages pages;
};

XENSIM_PUBLIC xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags)
{
    (void)logger;
    (void)open_flags;
    xengnttab_handle *handle = malloc(sizeof *handle);
    if (!handle || xensim_open_pages(&handle->pages, XENSIM_GNTDEV) == 0)
        return handle;
    int error = errno;
    free(handle);
    errno = error;
    return NULL;
}

XENSIM_PUBLIC int xengnttab_close(xengnttab_handle *handle)
{
    if (!handle)
        return 0;
    xensim_close_pages(&handle->pages);
    free(handle);
    return 0;
}

XENSIM_PUBLIC int xengnttab_fd(xengnttab_handle *handle)
{
    return handle->pages.link.fd;
}

/* What goes with a request to map; the references follow. */
struct map_request {
    uint32_t is_writable;
    uint32_t notify_offset;
    uint32_t notify_port;
    uint32_t refs[2 * XENSIM_PAGES_MAX];
};

/* What is to be mapped, and how. `domids` has one for each reference, or one for all of them. */
struct wish {
    uint32_t count;
    const uint32_t *domids;
    int is_one_domain;
    const uint32_t *refs;
    int prot;
    uint32_t notify_offset;
    uint32_t notify_port;
};

static void write_request(const struct wish *wish, struct map_request *request)
{
    request->is_writable = (wish->prot & PROT_WRITE) != 0;
    request->notify_offset = wish->notify_offset;
    request->notify_port = wish->notify_port;
    for (uint32_t page = 0; page < wish->count; page++) {
        request->refs[2 * page] = wish->domids[wish->is_one_domain ? 0 : page];
        request->refs[2 * page + 1] = wish->refs[page];
    }
}

/* What the world has mapped is mapped here, or given back. */
static void *map_places(xengnttab_handle *handle, const struct wish *wish, const struct map_request *request,
                        struct xensim_place *places)
{
    uint32_t room = wish->count * (uint32_t)sizeof *places, bytes = 0;
    uint32_t request_bytes = (uint32_t)offsetof(struct map_request, refs) + 8 * wish->count;
    int mapped = xensim_ask(&handle->pages.link, XENSIM_MAP, request, request_bytes, places, room, &bytes);
    if (mapped < 0)
        return NULL;
    uint32_t id = (uint32_t)mapped;
    void *address = NULL;
    if (bytes == room)
        address = xensim_map(&handle->pages, id, places, wish->count, wish->prot);
    else
        errno = EIO;
    if (!address) {
        int error = errno;
        xensim_ask(&handle->pages.link, XENSIM_UNMAP, &id, sizeof id, NULL, 0, NULL);
        errno = error;
    }
    return address;
}

static void *map(xengnttab_handle *handle, struct wish wish)
{
    if (wish.count < 1 || wish.count > XENSIM_PAGES_MAX) {
        errno = wish.count < 1 ? EINVAL : E2BIG;
        return NULL;
    }
    struct map_request *request = malloc(sizeof *request);
    struct xensim_place *places = malloc(wish.count * sizeof *places);
    void *address = NULL;
    if (request && places) {
        write_request(&wish, request);
        address = map_places(handle, &wish, request, places);
    }
    int error = errno;
    free(request);
    free(places);
    errno = error;
    return address;
}

XENSIM_PUBLIC void *xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domid, uint32_t ref, int prot)
{
    return map(handle, (struct wish){1, &domid, 1, &ref, prot, XENSIM_NONE, XENSIM_NONE});
}

XENSIM_PUBLIC void *xengnttab_map_grant_refs(xengnttab_handle *handle, uint32_t count, uint32_t *domids,
                                             uint32_t *refs, int prot)
{
    return map(handle, (struct wish){count, domids, 0, refs, prot, XENSIM_NONE, XENSIM_NONE});
}

XENSIM_PUBLIC void *xengnttab_map_domain_grant_refs(xengnttab_handle *handle, uint32_t count, uint32_t domid,
                                                    uint32_t *refs, int prot)
{
    return map(handle, (struct wish){count, &domid, 1, refs, prot, XENSIM_NONE, XENSIM_NONE});
}

XENSIM_PUBLIC void *xengnttab_map_grant_ref_notify(xengnttab_handle *handle, uint32_t domid, uint32_t ref,
                                                   int prot, uint32_t notify_offset, uint32_t notify_port)
{
    return map(handle, (struct wish){1, &domid, 1, &ref, prot, notify_offset, notify_port});
}

XENSIM_PUBLIC int xengnttab_unmap(xengnttab_handle *handle, void *address, uint32_t count)
{
    return xensim_unmap(&handle->pages, XENSIM_UNMAP, address, count);
}

/* The domain has limits of its own. */
XENSIM_PUBLIC int xengnttab_set_max_grants(xengnttab_handle *handle, uint32_t count)
{
    (void)handle;
    (void)count;
    return 0;
}

static int not_simulated(void)
{
    errno = EOPNOTSUPP;
    return -1;
}

XENSIM_PUBLIC int xengnttab_grant_copy(xengnttab_handle *handle, uint32_t count,
                                       xengnttab_grant_copy_segment_t *segments)
{
    (void)handle;
    (void)count;
    (void)segments;
    return not_simulated();
}

XENSIM_PUBLIC int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *handle, uint32_t domid, uint32_t flags,
                                                 uint32_t count, const uint32_t *refs, uint32_t *fd)
{
    (void)handle;
    (void)domid;
    (void)flags;
    (void)count;
    (void)refs;
    (void)fd;
    return not_simulated();
}

XENSIM_PUBLIC int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *handle, uint32_t fd, uint32_t wait_to_ms)
{
    (void)handle;
    (void)fd;
    (void)wait_to_ms;
    return not_simulated();
}

XENSIM_PUBLIC int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *handle, uint32_t domid, uint32_t fd,
                                               uint32_t count, uint32_t *refs)
{
    (void)handle;
    (void)domid;
    (void)fd;
    (void)count;
    (void)refs;
    return not_simulated();
}

XENSIM_PUBLIC int xengnttab_dmabuf_imp_release(xengnttab_handle *handle, uint32_t fd)
{
    (void)handle;
    (void)fd;
    return not_simulated();
}
