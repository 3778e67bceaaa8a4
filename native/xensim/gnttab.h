/* What xengnttab.h of Xen declares, as far as this library has it. */
#ifndef XENSIM_GNTTAB_H
#define XENSIM_GNTTAB_H

#include <stdint.h>

typedef struct xengntdev_handle xengnttab_handle;
typedef struct xengntdev_handle xengntshr_handle;
typedef struct xengnttab_grant_copy_segment xengnttab_grant_copy_segment_t;
struct xentoollog_logger;

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags);
int xengnttab_close(xengnttab_handle *handle);
int xengnttab_fd(xengnttab_handle *handle);
void *xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domid, uint32_t ref, int prot);
void *xengnttab_map_grant_refs(xengnttab_handle *handle, uint32_t count, uint32_t *domids, uint32_t *refs,
                               int prot);
void *xengnttab_map_domain_grant_refs(xengnttab_handle *handle, uint32_t count, uint32_t domid, uint32_t *refs,
                                      int prot);
void *xengnttab_map_grant_ref_notify(xengnttab_handle *handle, uint32_t domid, uint32_t ref, int prot,
                                     uint32_t notify_offset, uint32_t notify_port);
int xengnttab_unmap(xengnttab_handle *handle, void *address, uint32_t count);
int xengnttab_set_max_grants(xengnttab_handle *handle, uint32_t count);
int xengnttab_grant_copy(xengnttab_handle *handle, uint32_t count, xengnttab_grant_copy_segment_t *segments);
int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *handle, uint32_t domid, uint32_t flags, uint32_t count,
                                   const uint32_t *refs, uint32_t *fd);
int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *handle, uint32_t fd, uint32_t wait_to_ms);
int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *handle, uint32_t domid, uint32_t fd, uint32_t count,
                                 uint32_t *refs);
int xengnttab_dmabuf_imp_release(xengnttab_handle *handle, uint32_t fd);

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags);
int xengntshr_close(xengntshr_handle *handle);
int xengntshr_fd(xengntshr_handle *handle);
void *xengntshr_share_pages(xengntshr_handle *handle, uint32_t domid, int count, uint32_t *refs, int writable);
void *xengntshr_share_page_notify(xengntshr_handle *handle, uint32_t domid, uint32_t *ref, int writable,
                                  uint32_t notify_offset, uint32_t notify_port);
int xengntshr_unshare(xengntshr_handle *handle, void *address, uint32_t count);

#endif
