/* Pages of other domains, and our own that others may map, as memory of this process. */
#ifndef XENSIM_PAGES_H
#define XENSIM_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include "link.h"

#define XENSIM_PAGE_BYTES 4096u

/* What a device has mapped into this process. */
struct xensim_mapping {
    struct xensim_mapping *next;
    char *address;
    size_t pages;
    uint32_t handle; /* by which the world knows it */
};

/* A device that hands out pages. */
struct xensim_pages {
    struct xensim_link link;
    int folder; /* where the files of all pages lie */
    struct xensim_mapping *mappings;
};

/* 0, or -1 with errno. */
int xensim_open_pages(struct xensim_pages *device, enum xensim_kind kind);

/* What is mapped stays readable for this process, and no longer belongs to it. */
void xensim_close_pages(struct xensim_pages *device);

/*
 * Maps the pages at these places in a row, and keeps them under `handle`. Places without a name are left
 * out: memory there may not be touched. NULL with errno when it cannot be done; then nothing is mapped.
 */
void *xensim_map(struct xensim_pages *device, uint32_t handle, const struct xensim_place *places, size_t count,
                 int prot);

/* Takes back what was mapped at this address and tells the world with `op`: 0, or -1 with errno. */
int xensim_unmap(struct xensim_pages *device, enum xensim_op op, void *address, size_t pages);

#endif
