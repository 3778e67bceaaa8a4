/* What xenforeignmemory.h of Xen declares, as far as this library has it. */
#ifndef XENSIM_FOREIGNMEMORY_H
#define XENSIM_FOREIGNMEMORY_H

#include <stddef.h>
#include <stdint.h>

typedef uint16_t domid_t;
typedef unsigned long xen_pfn_t;
typedef struct xenforeignmemory_handle xenforeignmemory_handle;
typedef struct xenforeignmemory_resource_handle xenforeignmemory_resource_handle;
struct xentoollog_logger;

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned open_flags);
int xenforeignmemory_close(xenforeignmemory_handle *handle);
void *xenforeignmemory_map(xenforeignmemory_handle *handle, uint32_t domid, int prot, size_t pages,
                           const xen_pfn_t frames[], int errors[]);
void *xenforeignmemory_map2(xenforeignmemory_handle *handle, uint32_t domid, void *address, int prot, int flags,
                            size_t pages, const xen_pfn_t frames[], int errors[]);
int xenforeignmemory_unmap(xenforeignmemory_handle *handle, void *address, size_t pages);
int xenforeignmemory_restrict(xenforeignmemory_handle *handle, domid_t domid);
xenforeignmemory_resource_handle *xenforeignmemory_map_resource(xenforeignmemory_handle *handle, domid_t domid,
                                                                unsigned int type, unsigned int id,
                                                                unsigned long frame, unsigned long frames,
                                                                void **address, int prot, int flags);
int xenforeignmemory_unmap_resource(xenforeignmemory_handle *handle, xenforeignmemory_resource_handle *resource);
int xenforeignmemory_resource_size(xenforeignmemory_handle *handle, domid_t domid, unsigned int type,
                                   unsigned int id, size_t *size);

#endif
