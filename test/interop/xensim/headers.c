/* Xen's own headers and ours side by side: the compiler says where a prototype or a size differs. */
#include <stddef.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#define domid_t ours_domid_t
#define evtchn_port_t ours_evtchn_port_t
#define xen_pfn_t ours_xen_pfn_t
#define xc_dominfo ours_dominfo
#define xc_dominfo_t ours_dominfo_t
#define xen_domctl_getdomaininfo ours_domaininfo
#define xc_domaininfo_t ours_domaininfo_t
#define xc_domain_getinfo ours_getinfo
#define xc_domain_getinfolist ours_getinfolist
#define evtchn_status ours_evtchn_status
#define xc_evtchn_status_t ours_evtchn_status_t
#define xc_evtchn_status ours_port_status
#include "../../../native/xensim/ctrl.h"
#include "../../../native/xensim/evtchn.h"
#include "../../../native/xensim/foreignmemory.h"
#include "../../../native/xensim/gnttab.h"
#undef xc_dominfo_t
#undef xc_domaininfo_t
#undef xc_evtchn_status_t

_Static_assert(sizeof(ours_dominfo_t) == sizeof(xc_dominfo_t), "xc_dominfo_t");
_Static_assert(offsetof(ours_dominfo_t, nr_pages) == offsetof(xc_dominfo_t, nr_pages), "nr_pages");
_Static_assert(sizeof(ours_domaininfo_t) == sizeof(xc_domaininfo_t), "xc_domaininfo_t");
_Static_assert(offsetof(ours_domaininfo_t, flags) == offsetof(xc_domaininfo_t, flags), "flags");
_Static_assert(offsetof(ours_domaininfo_t, tot_pages) == offsetof(xc_domaininfo_t, tot_pages), "tot_pages");
_Static_assert(sizeof(ours_evtchn_status_t) == sizeof(xc_evtchn_status_t), "xc_evtchn_status_t");
_Static_assert(offsetof(ours_evtchn_status_t, port) == offsetof(xc_evtchn_status_t, port), "port");
_Static_assert(offsetof(ours_evtchn_status_t, status) == offsetof(xc_evtchn_status_t, status), "status");
_Static_assert(offsetof(ours_evtchn_status_t, remote_domid) == offsetof(xc_evtchn_status_t, u.interdomain.dom), "dom");
_Static_assert(offsetof(ours_evtchn_status_t, remote_port) == offsetof(xc_evtchn_status_t, u.interdomain.port),
               "remote port");

int main(void)
{
    return 0;
}
