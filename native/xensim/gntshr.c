/* The half of libxengnttab that shares pages with other domains: /dev/xen/gntalloc. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gnttab.h"
#include "pages.h"

struct xengntdev_handle {
    struct xensim_pages pages;
};

XENSIM_PUBLIC xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags)
{
    (void)logger;
    (void)open_flags;
    xengntshr_handle *handle = malloc(sizeof *handle);
    if (!handle || xensim_open_pages(&handle->pages, XENSIM_GNTALLOC) == 0)
        return handle;
    int error = errno;
    free(handle);
    errno = error;
    return NULL;
}

XENSIM_PUBLIC int xengntshr_close(xengntshr_handle *handle)
{
    if (!handle)
        return 0;
    xensim_close_pages(&handle->pages);
    free(handle);
    return 0;
}

XENSIM_PUBLIC int xengntshr_fd(xengntshr_handle *handle)
{
    return handle->pages.link.fd;
}

/* The answer to a request to share: where the first page lies, those after it follow; then the references. */
struct share_answer {
    struct xensim_place first;
    uint32_t refs[XENSIM_PAGES_MAX];
};

/* Maps what was shared, or takes the share back. */
static void *take(xengntshr_handle *handle, uint32_t share, const struct xensim_place *first, uint32_t count)
{
    void *address = NULL;
    struct xensim_place *places = malloc(count * sizeof *places);
    if (places) {
        for (uint32_t page = 0; page < count; page++) {
            places[page] = *first;
            places[page].page += page;
        }
        address = xensim_map(&handle->pages, share, places, count, PROT_READ | PROT_WRITE);
    }
    int error = errno;
    free(places);
    if (!address)
        xensim_ask(&handle->pages.link, XENSIM_UNSHARE, &share, sizeof share, NULL, 0, NULL);
    errno = error;
    return address;
}

static void *share(xengntshr_handle *handle, uint32_t domid, uint32_t count, uint32_t *refs, int writable,
                   uint32_t notify_offset, uint32_t notify_port)
{
    if (count < 1 || count > XENSIM_PAGES_MAX) {
        errno = count < 1 ? EINVAL : E2BIG;
        return NULL;
    }
    uint32_t request[] = {domid, writable != 0, count, notify_offset, notify_port};
    struct share_answer *answer = malloc(sizeof *answer);
    if (!answer)
        return NULL;
    uint32_t bytes = 0;
    void *address = NULL;
    int shared = xensim_ask(&handle->pages.link, XENSIM_SHARE, request, sizeof request, answer, sizeof *answer,
                            &bytes);
    if (shared >= 0) {
        if (bytes == sizeof answer->first + 4 * count)
            address = take(handle, (uint32_t)shared, &answer->first, count);
        else
            errno = EIO;
        if (address)
            memcpy(refs, answer->refs, 4 * count);
    }
    int error = errno;
    free(answer);
    errno = error;
    return address;
}

XENSIM_PUBLIC void *xengntshr_share_pages(xengntshr_handle *handle, uint32_t domid, int count, uint32_t *refs,
                                          int writable)
{
    return share(handle, domid, count < 0 ? 0 : (uint32_t)count, refs, writable, XENSIM_NONE, XENSIM_NONE);
}

XENSIM_PUBLIC void *xengntshr_share_page_notify(xengntshr_handle *handle, uint32_t domid, uint32_t *ref,
                                                int writable, uint32_t notify_offset, uint32_t notify_port)
{
    return share(handle, domid, 1, ref, writable, notify_offset, notify_port);
}

XENSIM_PUBLIC int xengntshr_unshare(xengntshr_handle *handle, void *address, uint32_t count)
{
    return xensim_unmap(&handle->pages, XENSIM_UNSHARE, address, count);
}
