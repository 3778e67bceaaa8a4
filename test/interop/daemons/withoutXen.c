/*
 * Lets Debian's xenstored and oxenstored run on a machine without Xen.
 *
 * The daemons reach the hypervisor through three libraries: libxenevtchn (doorbells),
 * libxengnttab and libxenctrl (guests' ring pages), libxenctrl again (which domains live). This
 * file, preloaded, takes the place of those calls and keeps what they would touch as files in one
 * private folder, so that a test can play the guests:
 *
 *   ring-N     4096 bytes: the xenstore ring page of domain N. A domain exists iff this file does.
 *   doorbell   a named pipe; 4 bytes, the daemon's local port, ring at the daemon.
 *   notified   an array of 32-bit counters by local port: how often the daemon rang at the guest.
 *   rung       a named pipe, if a test made one before it introduced its first domain: each ring at a
 *              guest as 4 bytes, the daemon's local port, so that guests can sleep until somebody rings.
 *   ports      a line for each port the daemon bound: local port, domid, remote port.
 *   shutdown-N, dying-N, dead-N
 *              marks: domain N was shut down, is dying, is gone. Ring port 1 (VIRQ_DOM_EXC) after.
 *
 * The daemons' own files (socket, pid, log) go to the same folder, never to /run or /var.
 * XEN_FOLDER names it. Follows the headers of libxen-dev 4.17.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE_BYTES 4096
#define MAX_PORTS 4096
#define VIRQ_PORT 1
#define FIRST_FREE_PORT 10
/* A getinfolist call looks at no more domids than this from its first one on. */
#define DOMIDS_LOOKED_AT 64

/* ---- the folder ---------------------------------------------------------------------------- */

static const char *in_folder(char *buffer, size_t size, const char *name)
{
    const char *folder = getenv("XEN_FOLDER");

    if (!folder || (size_t)snprintf(buffer, size, "%s/%s", folder, name) >= size) {
        fprintf(stderr, "withoutXen: XEN_FOLDER is missing or too long\n");
        abort();
    }
    return buffer;
}

static int has_mark(const char *kind, uint32_t domid)
{
    char name[32], path[PATH_MAX];

    snprintf(name, sizeof(name), "%s-%u", kind, domid);
    return access(in_folder(path, sizeof(path), name), F_OK) == 0;
}

/* ---- event channels: one named pipe for the whole daemon ------------------------------------ */

static int doorbell = -1;
static int rung = -1;
static uint32_t *notified;
static uint32_t next_port = FIRST_FREE_PORT;

static int real_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*function)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");

    return function(fd, address, length);
}

static void open_doorbell(void)
{
    char path[PATH_MAX];
    int fd;

    if (doorbell >= 0)
        return;

    in_folder(path, sizeof(path), "doorbell");
    unlink(path);
    /* Open for both directions, so that the pipe never ends while nobody rings. */
    if (mkfifo(path, 0600) < 0)
        abort();
    doorbell = open(path, O_RDWR | O_CLOEXEC);
    if (doorbell < 0)
        abort();

    fd = open(in_folder(path, sizeof(path), "notified"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, MAX_PORTS * sizeof(*notified)) < 0)
        abort();
    notified = mmap(NULL, MAX_PORTS * sizeof(*notified), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (notified == MAP_FAILED)
        abort();
}

/* The handle is never looked into by the daemons: any pointer will do. */
xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
    open_doorbell();
    return (xenevtchn_handle *)&doorbell;
}

xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd, unsigned int flags)
{
    return xenevtchn_open(logger, flags);
}

int xenevtchn_close(xenevtchn_handle *handle)
{
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *handle)
{
    return doorbell;
}

int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
    if (port >= MAX_PORTS) {
        errno = EINVAL;
        return -1;
    }
    __atomic_fetch_add(&notified[port], 1, __ATOMIC_SEQ_CST);
    /* A pipe that is full already holds a ring that nobody has heard yet. */
    if (rung >= 0 && write(rung, &port, sizeof(port)) < 0 && errno != EAGAIN)
        return -1;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle, uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    char path[PATH_MAX];
    FILE *ports;

    if (next_port >= MAX_PORTS) {
        errno = ENOSPC;
        return -1;
    }
    if (rung < 0)
        rung = open(in_folder(path, sizeof(path), "rung"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ports = fopen(in_folder(path, sizeof(path), "ports"), "a");
    if (!ports)
        return -1;
    fprintf(ports, "%u %u %u\n", next_port, domid, remote_port);
    fclose(ports);
    return next_port++;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *handle, unsigned int virq)
{
    return VIRQ_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *handle, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *handle)
{
    uint32_t port;

    return read(doorbell, &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

/* Rings queue in the pipe, so there is nothing to mask. */
int xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port)
{
    return 0;
}

/* ---- guests' pages: C xenstored maps grants, oxenstored foreign frames ----------------------- */

static void *map_ring(uint32_t domid)
{
    char name[32], path[PATH_MAX];
    void *page;
    int fd;

    snprintf(name, sizeof(name), "ring-%u", domid);
    fd = open(in_folder(path, sizeof(path), name), O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int flags)
{
    return (xengnttab_handle *)&next_port;
}

int xengnttab_close(xengnttab_handle *handle)
{
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *handle, uint32_t count)
{
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domid, uint32_t ref, int prot)
{
    return map_ring(domid);
}

int xengnttab_unmap(xengnttab_handle *handle, void *start, uint32_t count)
{
    return munmap(start, (size_t)count * PAGE_BYTES);
}

void *xc_map_foreign_range(xc_interface *xch, uint32_t domid, int size, int prot, unsigned long mfn)
{
    return map_ring(domid);
}

/* ---- which domains live ---------------------------------------------------------------------- */

static int exists(uint32_t domid)
{
    return has_mark("ring", domid) && !has_mark("dead", domid);
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned int flags)
{
    return (xc_interface *)&notified;
}

int xc_interface_close(xc_interface *xch)
{
    return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned int max, xc_dominfo_t *info)
{
    if (max == 0 || !exists(first)) {
        errno = ESRCH;
        return -1;
    }
    memset(info, 0, sizeof(*info));
    info->domid = first;
    info->running = 1;
    info->dying = has_mark("dying", first);
    info->shutdown = has_mark("shutdown", first);
    return 1;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned int max, xc_domaininfo_t *list)
{
    unsigned int count = 0;
    uint32_t domid;

    for (domid = first; domid - first < DOMIDS_LOOKED_AT && count < max; domid++) {
        if (!exists(domid))
            continue;
        memset(&list[count], 0, sizeof(list[count]));
        list[count].domain = domid;
        if (has_mark("dying", domid))
            list[count].flags |= XEN_DOMINF_dying;
        if (has_mark("shutdown", domid))
            list[count].flags |= XEN_DOMINF_shutdown;
        count++;
    }
    return count;
}

/* ---- the daemons' own files ------------------------------------------------------------------ */

/* The name in our folder for a path under Xen's system folders; the path itself otherwise. */
static const char *redirected(const char *path, char *buffer, size_t size)
{
    static const char *const folders[] = { "/run/xenstored/", "/run/xen/", "/log/xen/" };
    const char *found;
    size_t i;

    if (strstr(path, "/xsd_kva"))
        return in_folder(buffer, size, "ring-0");
    if (strstr(path, "/xsd_port"))
        return in_folder(buffer, size, "port-0");
    for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        found = strstr(path, folders[i]);
        if (found)
            return in_folder(buffer, size, found + strlen(folders[i]));
    }
    return path;
}

int open(const char *path, int flags, ...)
{
    int (*function)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    char buffer[PATH_MAX];
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, int);
    va_end(arguments);
    return function(redirected(path, buffer, sizeof(buffer)), flags, mode);
}

int open64(const char *path, int flags, ...)
{
    int (*function)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    char buffer[PATH_MAX];
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, int);
    va_end(arguments);
    return function(redirected(path, buffer, sizeof(buffer)), flags, mode);
}

int unlink(const char *path)
{
    int (*function)(const char *) = dlsym(RTLD_NEXT, "unlink");
    char buffer[PATH_MAX];

    return function(redirected(path, buffer, sizeof(buffer)));
}

int rename(const char *from, const char *to)
{
    int (*function)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];

    return function(redirected(from, from_buffer, sizeof(from_buffer)),
                    redirected(to, to_buffer, sizeof(to_buffer)));
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    const struct sockaddr_un *unix_address = (const struct sockaddr_un *)address;
    struct sockaddr_un elsewhere = { .sun_family = AF_UNIX };
    char buffer[PATH_MAX];
    const char *path;

    if (address->sa_family != AF_UNIX)
        return real_bind(fd, address, length);
    path = redirected(unix_address->sun_path, buffer, sizeof(buffer));
    if (path == unix_address->sun_path)
        return real_bind(fd, address, length);
    snprintf(elsewhere.sun_path, sizeof(elsewhere.sun_path), "%s", path);
    return real_bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere));
}

/* The daemons raise limits that a container may not let them raise; they can do without. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return 0;
}
