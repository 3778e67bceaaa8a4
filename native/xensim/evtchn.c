/* libxenevtchn: event channels of a simulated domain. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "evtchn.h"
#include "link.h"

/* XENEVTCHN_NO_CLOEXEC */
#define FLAG_INHERITED 1u

struct xenevtchn_handle {
    struct xensim_link calls;
    struct xensim_link events; /* The numbers of ports that were rung, and nothing else: what a program polls. */
};

XENSIM_PUBLIC xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    char token[8];
    uint32_t token_bytes = 0;
    if (flags & ~FLAG_INHERITED) {
        errno = EINVAL;
        return NULL;
    }
    int is_inherited = (flags & FLAG_INHERITED) != 0;
    xenevtchn_handle *handle = malloc(sizeof *handle);
    if (!handle)
        return NULL;
    if (xensim_open(&handle->calls, XENSIM_EVTCHN, is_inherited, NULL, 0, token, sizeof token, &token_bytes) == 0) {
        if (xensim_open(&handle->events, XENSIM_EVENTS, is_inherited, token, token_bytes, NULL, 0, NULL) == 0)
            return handle;
        int error = errno;
        xensim_close(&handle->calls);
        errno = error;
    }
    int error = errno;
    free(handle);
    errno = error;
    return NULL;
}

/* A descriptor alone does not say which world and which channels it belongs to. */
XENSIM_PUBLIC xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned open_flags)
{
    (void)logger;
    (void)fd;
    (void)open_flags;
    errno = EOPNOTSUPP;
    return NULL;
}

XENSIM_PUBLIC int xenevtchn_close(xenevtchn_handle *handle)
{
    if (!handle)
        return 0;
    xensim_close(&handle->calls);
    xensim_close(&handle->events);
    free(handle);
    return 0;
}

XENSIM_PUBLIC int xenevtchn_fd(xenevtchn_handle *handle)
{
    return handle->events.fd;
}

static int ask(xenevtchn_handle *handle, enum xensim_op op, uint32_t first, uint32_t second)
{
    uint32_t words[2] = {first, second};
    return xensim_ask(&handle->calls, op, words, sizeof words, NULL, 0, NULL);
}

XENSIM_PUBLIC int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
    return ask(handle, XENSIM_NOTIFY, port, 0);
}

XENSIM_PUBLIC xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *handle, uint32_t domid)
{
    return ask(handle, XENSIM_BIND_UNBOUND, domid, 0);
}

XENSIM_PUBLIC xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle, uint32_t domid,
                                                                   evtchn_port_t remote_port)
{
    return ask(handle, XENSIM_BIND_INTERDOMAIN, domid, remote_port);
}

/* No virtual interrupts come to a program of a simulated domain. */
XENSIM_PUBLIC xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *handle, unsigned int virq)
{
    (void)handle;
    (void)virq;
    errno = EOPNOTSUPP;
    return -1;
}

XENSIM_PUBLIC int xenevtchn_unbind(xenevtchn_handle *handle, evtchn_port_t port)
{
    return ask(handle, XENSIM_UNBIND, port, 0);
}

XENSIM_PUBLIC xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *handle)
{
    uint32_t port;
    return xensim_receive(handle->events.fd, &port, sizeof port) == 0 ? (int)port : -1;
}

XENSIM_PUBLIC int xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port)
{
    return ask(handle, XENSIM_UNMASK, port, 0);
}

XENSIM_PUBLIC int xenevtchn_restrict(xenevtchn_handle *handle, domid_t domid)
{
    return ask(handle, XENSIM_RESTRICT, domid, 0);
}
