/*
 * libxenctrl, as far as programs need it that use vchans or look at domains. As on real Xen every
 * program may open it, and only those of domain 0 get answers; of its own event channels everybody.
 */
#include "ctrl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "link.h"

/* XEN_DOMINF_* of xen/include/public/domctl.h. */
#define FLAG_DYING 1u
#define FLAG_SHUTDOWN 4u
#define FLAG_PAUSED 8u
#define FLAG_RUNNING 32u
#define SHUTDOWN_REASON(flags) (((flags) >> 16) & 0xffu)
#define SHUTDOWN_CRASH 3u

#define DOMID_SELF 0x7ff0u

/* So many are asked for at once. */
#define MAX_DOMAINS 1024u

struct xc_interface_core {
    struct xensim_link link;
};

XENSIM_PUBLIC xc_interface *xc_interface_open(struct xentoollog_logger *logger,
                                              struct xentoollog_logger *build_logger, unsigned open_flags)
{
    (void)logger;
    (void)build_logger;
    (void)open_flags;
    char folder[4096];
    xc_interface *handle = malloc(sizeof *handle);
    if (!handle)
        return NULL;
    if (xensim_open(&handle->link, XENSIM_PRIVCMD, 0, NULL, 0, folder, sizeof folder, NULL) == 0)
        return handle;
    int error = errno;
    free(handle);
    errno = error;
    return NULL;
}

XENSIM_PUBLIC int xc_interface_close(xc_interface *handle)
{
    if (!handle)
        return 0;
    xensim_close(&handle->link);
    free(handle);
    return 0;
}

/* How many domains the answer has, or -1. */
static int domains(xc_interface *handle, uint32_t first_domid, unsigned int most, struct xensim_domain *answer)
{
    uint32_t request[] = {first_domid, most}, bytes = 0;
    int count = xensim_ask(&handle->link, XENSIM_DOMAINS, request, sizeof request, answer,
                           most * (uint32_t)sizeof *answer, &bytes);
    if (count >= 0 && bytes != (uint32_t)count * sizeof *answer) {
        errno = EIO;
        return -1;
    }
    return count;
}

static void describe(const struct xensim_domain *domain, xc_dominfo_t *info)
{
    uint32_t flags = domain->flags;
    memset(info, 0, sizeof *info);
    info->domid = domain->domid;
    info->dying = (flags & FLAG_DYING) != 0;
    info->shutdown = (flags & FLAG_SHUTDOWN) != 0;
    info->paused = (flags & FLAG_PAUSED) != 0;
    info->running = (flags & FLAG_RUNNING) != 0;
    info->shutdown_reason = SHUTDOWN_REASON(flags);
    info->crashed = info->shutdown && info->shutdown_reason == SHUTDOWN_CRASH;
    info->nr_pages = domain->pages;
}

/* As the real one: a number of domains, or -1 when there is none at all from there on. */
XENSIM_PUBLIC int xc_domain_getinfo(xc_interface *handle, uint32_t first_domid, unsigned int most,
                                    xc_dominfo_t *infos)
{
    unsigned int wanted = most < MAX_DOMAINS ? most : MAX_DOMAINS;
    struct xensim_domain *answer = calloc(wanted ? wanted : 1, sizeof *answer);
    if (!answer)
        return -1;
    int count = domains(handle, first_domid, wanted, answer);
    int error = errno;
    for (int at = 0; at < count; at++)
        describe(&answer[at], &infos[at]);
    free(answer);
    errno = count == 0 ? ESRCH : error;
    return count == 0 ? -1 : count;
}

XENSIM_PUBLIC int xc_domain_getinfolist(xc_interface *handle, uint32_t first_domid, unsigned int most,
                                        xc_domaininfo_t *infos)
{
    unsigned int wanted = most < MAX_DOMAINS ? most : MAX_DOMAINS;
    struct xensim_domain *answer = calloc(wanted ? wanted : 1, sizeof *answer);
    if (!answer)
        return -1;
    int count = domains(handle, first_domid, wanted, answer);
    int error = errno;
    for (int at = 0; at < count; at++) {
        memset(&infos[at], 0, sizeof infos[at]);
        infos[at].domain = (uint16_t)answer[at].domid;
        infos[at].flags = answer[at].flags;
        infos[at].tot_pages = answer[at].pages;
    }
    free(answer);
    errno = error;
    return count;
}

XENSIM_PUBLIC int xc_hvm_param_get(xc_interface *handle, uint32_t domid, uint32_t param, uint64_t *value)
{
    uint32_t request[] = {domid, param}, bytes = 0;
    int result = xensim_ask(&handle->link, XENSIM_HVM_PARAM, request, sizeof request, value, sizeof *value, &bytes);
    return result < 0 ? -1 : 0;
}

/* Of our own ports only: nobody here asks for those of others. */
XENSIM_PUBLIC int xc_evtchn_status(xc_interface *handle, xc_evtchn_status_t *status)
{
    if (status->dom != DOMID_SELF) {
        errno = EPERM;
        return -1;
    }
    uint32_t answer[3] = {0}, bytes = 0;
    int result = xensim_ask(&handle->link, XENSIM_PORT_STATUS, &status->port, sizeof status->port, answer,
                            sizeof answer, &bytes);
    if (result < 0)
        return -1;
    status->status = answer[0];
    status->vcpu = 0;
    status->remote_domid = answer[1];
    status->remote_port = answer[2];
    return 0;
}
