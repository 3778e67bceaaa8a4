/*
 * What xenctrl.h of Xen 4.17 declares, as far as programs need it that use vchans or look at domains.
 * The two structures have exactly the size they have there; what a simulated domain has not is `unused`.
 */
#ifndef XENSIM_CTRL_H
#define XENSIM_CTRL_H

#include <stdint.h>

typedef struct xc_interface_core xc_interface;
struct xentoollog_logger;

typedef struct xc_dominfo {
    uint32_t domid;
    uint32_t ssidref;
    unsigned int dying : 1, crashed : 1, shutdown : 1, paused : 1, blocked : 1, running : 1, hvm : 1,
        debugged : 1, xenstore : 1, hap : 1;
    unsigned int shutdown_reason;
    unsigned long nr_pages;
    uint8_t unused[88];
} xc_dominfo_t;

typedef struct xen_domctl_getdomaininfo {
    uint16_t domain;
    uint16_t padding;
    uint32_t flags; /* XEN_DOMINF_* */
    uint64_t tot_pages;
    uint8_t unused[96];
} xc_domaininfo_t;

typedef struct evtchn_status {
    uint16_t dom; /* asked for: DOMID_SELF */
    uint16_t padding;
    uint32_t port;
    uint32_t status; /* EVTCHNSTAT_* */
    uint32_t vcpu;
    uint32_t remote_domid; /* unbound: who may come; interdomain: who is there */
    uint32_t remote_port;
} xc_evtchn_status_t;

xc_interface *xc_interface_open(struct xentoollog_logger *logger, struct xentoollog_logger *build_logger,
                                unsigned open_flags);
int xc_interface_close(xc_interface *handle);
int xc_domain_getinfo(xc_interface *handle, uint32_t first_domid, unsigned int most, xc_dominfo_t *infos);
int xc_domain_getinfolist(xc_interface *handle, uint32_t first_domid, unsigned int most, xc_domaininfo_t *infos);
int xc_hvm_param_get(xc_interface *handle, uint32_t domid, uint32_t param, uint64_t *value);
int xc_evtchn_status(xc_interface *handle, xc_evtchn_status_t *status);

#endif
