/*
 * The libraries for grants, event channels and foreign memory by themselves, in one domain that lends to
 * itself: what they do, and what they refuse. Prints `ok` when all is as on Linux.
 *
 *   devices semantics DOMID        devices bells DOMID COUNT
 *   devices foreign DOMID FRAME    devices maps DOMID COUNT
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#define EXPECT(what)                                                                       \
    do {                                                                                   \
        if (!(what)) {                                                                     \
            fprintf(stderr, "line %d: %s (errno %s)\n", __LINE__, #what, strerror(errno)); \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)
#define FAILS(what, error) EXPECT((what) && errno == (error))

static uint32_t self;

static int is_readable(int fd, int wait_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, wait_ms) == 1;
}

/* Whether a child that does this is killed by the processor's fault. */
static int write_faults(volatile char *address)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        *address = 1;
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void channels(void)
{
    xenevtchn_handle *near = xenevtchn_open(NULL, 0), *far = xenevtchn_open(NULL, XENEVTCHN_NO_CLOEXEC);
    EXPECT(near && far);
    EXPECT(fcntl(xenevtchn_fd(near), F_GETFD) == FD_CLOEXEC && fcntl(xenevtchn_fd(far), F_GETFD) == 0);
    FAILS(!xenevtchn_open(NULL, 0x80), EINVAL);
    int a = xenevtchn_bind_unbound_port(near, self);
    EXPECT(a > 0);
    int b = xenevtchn_bind_interdomain(far, self, (evtchn_port_t)a);
    EXPECT(b > 0 && b != a);
    FAILS(xenevtchn_bind_interdomain(far, self, (evtchn_port_t)a) == -1, EINVAL);
    FAILS(xenevtchn_bind_interdomain(far, self, 4000) == -1, EINVAL);
    /* Whoever binds is told once: somebody may have rung before. */
    EXPECT(xenevtchn_pending(far) == b);
    EXPECT(xenevtchn_notify(near, (evtchn_port_t)a) == 0 && xenevtchn_notify(near, (evtchn_port_t)a) == 0);
    EXPECT(!is_readable(xenevtchn_fd(far), 50)); /* masked */
    EXPECT(xenevtchn_unmask(far, (evtchn_port_t)b) == 0);
    EXPECT(is_readable(xenevtchn_fd(far), 30000));
    EXPECT(xenevtchn_pending(far) == b);
    EXPECT(xenevtchn_unmask(far, (evtchn_port_t)b) == 0);
    EXPECT(!is_readable(xenevtchn_fd(far), 50)); /* two rings were one event */
    EXPECT(fcntl(xenevtchn_fd(far), F_SETFL, O_NONBLOCK) == 0);
    FAILS(xenevtchn_pending(far) == -1, EAGAIN);
    FAILS(xenevtchn_notify(near, (evtchn_port_t)b) == -1, ENOTCONN);
    FAILS(xenevtchn_unbind(near, (evtchn_port_t)b) == -1, ENOTCONN);
    FAILS(xenevtchn_bind_virq(near, 0) == -1, EOPNOTSUPP);
    FAILS(!xenevtchn_fdopen(NULL, xenevtchn_fd(near), 0), EOPNOTSUPP);
    EXPECT(xenevtchn_unbind(far, (evtchn_port_t)b) == 0);
    EXPECT(xenevtchn_notify(near, (evtchn_port_t)a) == 0); /* nobody is there: nothing happens */
    EXPECT(xenevtchn_restrict(near, (domid_t)self) == 0);
    FAILS(xenevtchn_bind_unbound_port(near, self + 1) == -1, EACCES);
    EXPECT(xenevtchn_close(near) == 0 && xenevtchn_close(far) == 0 && xenevtchn_close(NULL) == 0);
}

static void pages(void)
{
    enum { COUNT = 5 };
    uint32_t refs[COUNT], mixed[2], domids[2] = {self, self}, lent;
    xengntshr_handle *shr = xengntshr_open(NULL, 0);
    xengnttab_handle *tab = xengnttab_open(NULL, 0);
    EXPECT(shr && tab && xengnttab_set_max_grants(tab, 10) == 0);
    char *ours = xengntshr_share_pages(shr, self, COUNT, refs, 1);
    EXPECT(ours && ours[COUNT * 4096 - 1] == 0);
    char *theirs = xengnttab_map_domain_grant_refs(tab, COUNT, self, refs, PROT_READ | PROT_WRITE);
    EXPECT(theirs && theirs != ours);
    ours[4096 * 3 + 7] = 'x';
    EXPECT(theirs[4096 * 3 + 7] == 'x');
    /* In any order, as one memory. */
    mixed[0] = refs[3], mixed[1] = refs[0];
    char *turned = xengnttab_map_grant_refs(tab, 2, domids, mixed, PROT_READ);
    EXPECT(turned && turned[7] == 'x' && turned[4096] == 0);
    /* What is mapped to be read cannot be written, now or later. */
    EXPECT(write_faults(turned));
    FAILS(mprotect(turned, 4096, PROT_READ | PROT_WRITE) == -1, EACCES);
    FAILS(xengnttab_unmap(tab, turned, 1) == -1, EINVAL);
    EXPECT(xengnttab_unmap(tab, turned, 2) == 0);
    EXPECT(write_faults(turned)); /* gone */
    FAILS(!xengnttab_map_grant_ref(tab, self, 30000, PROT_READ), EINVAL);
    FAILS(!xengnttab_map_grant_ref(tab, 30000, refs[0], PROT_READ), EINVAL);
    FAILS(!xengnttab_map_grant_refs(tab, 0, domids, refs, PROT_READ), EINVAL);
    FAILS(!xengnttab_map_domain_grant_refs(tab, 100000, self, refs, PROT_READ), E2BIG);
    FAILS(!xengntshr_share_pages(shr, self, 0, refs, 1), EINVAL);
    char *readable = xengntshr_share_pages(shr, self, 1, &lent, 0);
    EXPECT(readable);
    FAILS(!xengnttab_map_grant_ref(tab, self, lent, PROT_READ | PROT_WRITE), EINVAL);
    EXPECT(xengntshr_unshare(shr, readable, 1) == 0);
    FAILS(!xengnttab_map_grant_ref(tab, self, lent, PROT_READ), EINVAL);
    /* Taken back while it is mapped: nobody maps it anew, and who has it keeps it. */
    EXPECT(xengntshr_unshare(shr, ours, COUNT) == 0);
    FAILS(!xengnttab_map_grant_ref(tab, self, refs[3], PROT_READ), EINVAL);
    EXPECT(theirs[4096 * 3 + 7] == 'x' && xengnttab_unmap(tab, theirs, COUNT) == 0);
    FAILS(xengnttab_grant_copy(tab, 0, NULL) == -1, EOPNOTSUPP);
    EXPECT(xengnttab_fd(tab) >= 0 && xengntshr_fd(shr) >= 0);
    EXPECT(xengntshr_close(shr) == 0 && xengnttab_close(tab) == 0);
}

/* The byte is cleared and the bell rings when the memory is unmapped, also by the death of a program. */
static void notifications(void)
{
    for (int dies = 0; dies < 2; dies++) {
        uint32_t ref;
        xengntshr_handle *shr = xengntshr_open(NULL, 0);
        xenevtchn_handle *bell = xenevtchn_open(NULL, 0);
        EXPECT(shr && bell);
        int ours = xenevtchn_bind_unbound_port(bell, self);
        volatile char *page = xengntshr_share_pages(shr, self, 1, &ref, 1);
        EXPECT(ours > 0 && page);
        page[100] = 1;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            xenevtchn_handle *far = xenevtchn_open(NULL, 0);
            xengnttab_handle *tab = xengnttab_open(NULL, 0);
            EXPECT(far && tab);
            int theirs = xenevtchn_bind_interdomain(far, self, (evtchn_port_t)ours);
            EXPECT(theirs > 0);
            FAILS(!xengnttab_map_grant_ref_notify(tab, self, ref, PROT_READ, 100, (evtchn_port_t)theirs), EINVAL);
            void *mapped = xengnttab_map_grant_ref_notify(tab, self, ref, PROT_READ | PROT_WRITE, 100,
                                                          (evtchn_port_t)theirs);
            EXPECT(mapped && page[100] == 1);
            if (dies)
                kill(getpid(), SIGKILL);
            EXPECT(xengnttab_unmap(tab, mapped, 1) == 0 && page[100] == 0);
            _exit(0);
        }
        EXPECT(xenevtchn_pending(bell) == ours);
        EXPECT(page[100] == 0);
        waitpid(child, NULL, 0);
        EXPECT(xengntshr_close(shr) == 0 && xenevtchn_close(bell) == 0);
    }
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int mapped_regions(void)
{
    int count = 0, letter;
    FILE *file = fopen("/proc/self/maps", "r");
    while ((letter = fgetc(file)) != EOF)
        count += letter == '\n';
    fclose(file);
    return count;
}

static void bells(long count)
{
    xenevtchn_handle *near = xenevtchn_open(NULL, 0), *far = xenevtchn_open(NULL, 0);
    EXPECT(near && far);
    int a = xenevtchn_bind_unbound_port(near, self), b = xenevtchn_bind_interdomain(far, self, (evtchn_port_t)a);
    EXPECT(a > 0 && b > 0 && xenevtchn_pending(far) == b);
    for (long ring = 0; ring < count; ring++) {
        EXPECT(xenevtchn_unmask(far, (evtchn_port_t)b) == 0);
        EXPECT(xenevtchn_notify(near, (evtchn_port_t)a) == 0);
        EXPECT(xenevtchn_pending(far) == b);
    }
    EXPECT(xenevtchn_close(near) == 0 && xenevtchn_close(far) == 0);
}

static void maps(long count)
{
    uint32_t refs[2];
    xengntshr_handle *shr = xengntshr_open(NULL, 0);
    xengnttab_handle *tab = xengnttab_open(NULL, 0);
    EXPECT(shr && tab);
    int descriptors = 0, regions = 0;
    for (long pair = 0; pair < count; pair++) {
        char *ours = xengntshr_share_pages(shr, self, 2, refs, 1);
        EXPECT(ours);
        char *theirs = xengnttab_map_domain_grant_refs(tab, 2, self, refs, PROT_READ);
        EXPECT(theirs);
        EXPECT(xengnttab_unmap(tab, theirs, 2) == 0);
        EXPECT(xengntshr_unshare(shr, ours, 2) == 0);
        if (pair == 0)
            descriptors = open_descriptors(), regions = mapped_regions();
    }
    EXPECT(open_descriptors() == descriptors && mapped_regions() == regions);
    EXPECT(xengntshr_close(shr) == 0 && xengnttab_close(tab) == 0);
}

static void foreign(xen_pfn_t frame)
{
    xen_pfn_t frames[2] = {frame, 1234};
    int errors[2];
    uint64_t value = 0;
    xc_dominfo_t info;
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    EXPECT(xc && memory);
    EXPECT(xc_hvm_param_get(xc, self, 1, &value) == 0 && value == frame);
    EXPECT(xc_domain_getinfo(xc, self, 1, &info) == 1 && info.domid == self && info.running && !info.dying);
    FAILS(xc_domain_getinfo(xc, 30000, 1, &info) == -1, ESRCH);
    xc_domaininfo_t list[8];
    EXPECT(xc_domain_getinfolist(xc, 0, 8, list) >= 2 && list[0].domain == 0);
    char *page = xenforeignmemory_map(memory, self, PROT_READ, 1, frames, NULL);
    EXPECT(page && write_faults(page));
    FAILS(!xenforeignmemory_map(memory, self, PROT_READ, 2, frames, NULL), EINVAL);
    char *partly = xenforeignmemory_map(memory, self, PROT_READ, 2, frames, errors);
    EXPECT(partly && errors[0] == 0 && errors[1] == -EINVAL && memcmp(page, partly, 4096) == 0);
    EXPECT(xenforeignmemory_unmap(memory, page, 1) == 0 && xenforeignmemory_unmap(memory, partly, 2) == 0);
    FAILS(!xenforeignmemory_map(memory, 30000, PROT_READ, 1, frames, NULL), ESRCH);
    EXPECT(xenforeignmemory_close(memory) == 0 && xc_interface_close(xc) == 0);
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    self = (uint32_t)atoi(words[2]);
    long number = count > 3 ? atol(words[3]) : 0;
    if (strcmp(words[1], "bells") == 0)
        bells(number);
    else if (strcmp(words[1], "maps") == 0)
        maps(number);
    else if (strcmp(words[1], "foreign") == 0)
        foreign((xen_pfn_t)number);
    else
        channels(), pages(), notifications();
    printf("ok\n");
    return 0;
}
