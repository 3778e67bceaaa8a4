#define _GNU_SOURCE
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int xensim_open_pages(struct xensim_pages *device, enum xensim_kind kind)
{
    char folder[PATH_MAX];
    uint32_t bytes = 0;
    if (xensim_open(&device->link, kind, 0, NULL, 0, folder, sizeof folder - 1, &bytes) != 0)
        return -1;
    folder[bytes] = '\0';
    device->mappings = NULL;
    device->folder = open(folder, O_DIRECTORY | O_PATH | O_CLOEXEC);
    if (device->folder >= 0)
        return 0;
    int error = errno;
    xensim_close(&device->link);
    errno = error;
    return -1;
}

void xensim_close_pages(struct xensim_pages *device)
{
    while (device->mappings) {
        struct xensim_mapping *gone = device->mappings;
        device->mappings = gone->next;
        free(gone);
    }
    close(device->folder);
    xensim_close(&device->link);
}

/* A name within the folder and nothing else, whatever the other end says. */
static int is_name(const struct xensim_place *place)
{
    size_t length = strnlen(place->name, sizeof place->name);
    return length < sizeof place->name && place->name[0] != '.' && !memchr(place->name, '/', length);
}

/* How many of these places follow each other in one file. */
static size_t run_length(const struct xensim_place *places, size_t count)
{
    size_t length = 1;
    while (length < count && strcmp(places[length].name, places->name) == 0 &&
           places[length].page == places->page + length)
        length++;
    return length;
}

static int map_run(const struct xensim_pages *device, const struct xensim_place *first, size_t pages, char *at,
                   int prot)
{
    /* Read-only in earnest: such a descriptor lets no mapping become writable later. */
    int access = (prot & PROT_WRITE) ? O_RDWR : O_RDONLY;
    int fd = openat(device->folder, first->name, access | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    void *mapped = mmap(at, pages * XENSIM_PAGE_BYTES, prot, MAP_SHARED | MAP_FIXED, fd,
                        (off_t)first->page * XENSIM_PAGE_BYTES);
    int error = errno;
    close(fd);
    errno = error;
    return mapped == MAP_FAILED ? -1 : 0;
}

static int map_all(const struct xensim_pages *device, const struct xensim_place *places, size_t count, char *at,
                   int prot)
{
    for (size_t done = 0; done < count;) {
        size_t pages = 1;
        if (places[done].name[0] != '\0') {
            if (!is_name(&places[done])) {
                errno = EIO;
                return -1;
            }
            pages = run_length(&places[done], count - done);
            if (map_run(device, &places[done], pages, at + done * XENSIM_PAGE_BYTES, prot) != 0)
                return -1;
        }
        done += pages;
    }
    return 0;
}

void *xensim_map(struct xensim_pages *device, uint32_t handle, const struct xensim_place *places, size_t count,
                 int prot)
{
    struct xensim_mapping *mapping = malloc(sizeof *mapping);
    if (!mapping)
        return NULL;
    char *at = mmap(NULL, count * XENSIM_PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        free(mapping);
        return NULL;
    }
    if (map_all(device, places, count, at, prot) != 0) {
        int error = errno;
        munmap(at, count * XENSIM_PAGE_BYTES);
        free(mapping);
        errno = error;
        return NULL;
    }
    *mapping = (struct xensim_mapping){.address = at, .pages = count, .handle = handle};
    pthread_mutex_lock(&device->link.lock);
    mapping->next = device->mappings;
    device->mappings = mapping;
    pthread_mutex_unlock(&device->link.lock);
    return at;
}

/* Only as a whole: as with the real devices, a part of a mapping is no mapping. */
static struct xensim_mapping *take(struct xensim_pages *device, const void *address, size_t pages)
{
    struct xensim_mapping *found = NULL;
    pthread_mutex_lock(&device->link.lock);
    for (struct xensim_mapping **at = &device->mappings; *at; at = &(*at)->next) {
        if ((*at)->address != address || (*at)->pages != pages)
            continue;
        found = *at;
        *at = found->next;
        break;
    }
    pthread_mutex_unlock(&device->link.lock);
    return found;
}

int xensim_unmap(struct xensim_pages *device, enum xensim_op op, void *address, size_t pages)
{
    struct xensim_mapping *mapping = take(device, address, pages);
    if (!mapping) {
        errno = EINVAL;
        return -1;
    }
    uint32_t handle = mapping->handle;
    free(mapping);
    if (munmap(address, pages * XENSIM_PAGE_BYTES) != 0)
        return -1;
    return xensim_ask(&device->link, op, &handle, sizeof handle, NULL, 0, NULL);
}
