/* What xenevtchn.h of Xen declares, as far as this library has it. */
#ifndef XENSIM_EVTCHN_H
#define XENSIM_EVTCHN_H

#include <stdint.h>

typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;
typedef int xenevtchn_port_or_error_t;
typedef struct xenevtchn_handle xenevtchn_handle;
struct xentoollog_logger;

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags);
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned open_flags);
int xenevtchn_close(xenevtchn_handle *handle);
int xenevtchn_fd(xenevtchn_handle *handle);
int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port);
xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *handle, uint32_t domid);
xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle, uint32_t domid,
                                                     evtchn_port_t remote_port);
xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *handle, unsigned int virq);
int xenevtchn_unbind(xenevtchn_handle *handle, evtchn_port_t port);
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *handle);
int xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port);
int xenevtchn_restrict(xenevtchn_handle *handle, domid_t domid);

#endif
