/*
 * libxenevtchn and libxengnttab for two processes of this machine without Xen, for libxenvchan and for our own
 * ends alike: pages of a file, and a pipe for each handle of doorbells. Compiled twice, with -DBELLS and with
 * -DPAGES. XENBENCH_FOLDER holds `state`, `pages` and the pipes. As on Xen a doorbell that is rung while it is
 * pending or masked costs nothing, and otherwise one system call; taking one costs another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define PUBLIC __attribute__((visibility("default")))
#define MAX_PORTS 1024u
#define MAX_HANDLES 64u
enum { PENDING = 1, MASKED = 2 };

struct port {
    _Atomic uint32_t peer, handle, state;
};

struct state {
    _Atomic uint32_t ports, handles, pages;
    struct port port[MAX_PORTS];
};

static char *path_of(char *into, size_t bytes, const char *name, unsigned number)
{
    snprintf(into, bytes, "%s/%s-%u", getenv("XENBENCH_FOLDER"), name, number);
    return into;
}

static void *map_file(const char *name, size_t bytes)
{
    char path[512];
    int fd = open(path_of(path, sizeof path, name, 0), O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        return NULL;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct state *shared(void)
{
    static struct state *state;
    return state ? state : (state = map_file("state", sizeof *state));
}

static void ring_pipe(uint32_t handle, uint32_t port)
{
    static int pipes[MAX_HANDLES];
    if (!pipes[handle]) {
        char path[512];
        pipes[handle] = open(path_of(path, sizeof path, "pipe", handle), O_RDWR | O_NONBLOCK);
    }
    if (write(pipes[handle], &port, sizeof port) != sizeof port)
        perror("doorbell");
}

static void ring(uint32_t port)
{
    struct port *rung = &shared()->port[port];
    if (atomic_fetch_or(&rung->state, PENDING) == 0)
        ring_pipe(rung->handle, port);
}

static void notify(uint32_t port)
{
    uint32_t peer = shared()->port[port].peer;
    if (peer)
        ring(peer);
}

#ifdef BELLS

typedef struct {
    int fd;
    uint32_t number;
} handle_t;

PUBLIC handle_t *xenevtchn_open(void *logger, unsigned flags)
{
    (void)logger;
    (void)flags;
    char path[512];
    handle_t *handle = calloc(1, sizeof *handle);
    handle->number = atomic_fetch_add(&shared()->handles, 1) + 1;
    if (mkfifo(path_of(path, sizeof path, "pipe", handle->number), 0600) != 0 && errno != EEXIST)
        return NULL;
    handle->fd = open(path, O_RDWR);
    return handle;
}

PUBLIC int xenevtchn_close(handle_t *handle)
{
    close(handle->fd);
    free(handle);
    return 0;
}

PUBLIC int xenevtchn_fd(handle_t *handle)
{
    return handle->fd;
}

static int bind_port(handle_t *handle, uint32_t peer)
{
    uint32_t number = atomic_fetch_add(&shared()->ports, 1) + 1;
    if (number >= MAX_PORTS) {
        errno = ENOSPC;
        return -1;
    }
    shared()->port[number].handle = handle->number;
    shared()->port[number].peer = peer;
    return (int)number;
}

PUBLIC int xenevtchn_bind_unbound_port(handle_t *handle, uint32_t domid)
{
    (void)domid;
    return bind_port(handle, 0);
}

PUBLIC int xenevtchn_bind_interdomain(handle_t *handle, uint32_t domid, uint32_t remote)
{
    (void)domid;
    int port = bind_port(handle, remote);
    if (port > 0)
        shared()->port[remote].peer = (uint32_t)port;
    return port;
}

PUBLIC int xenevtchn_unbind(handle_t *handle, uint32_t port)
{
    (void)handle;
    uint32_t peer = atomic_exchange(&shared()->port[port].peer, 0);
    if (peer)
        shared()->port[peer].peer = 0;
    return 0;
}

PUBLIC int xenevtchn_notify(handle_t *handle, uint32_t port)
{
    (void)handle;
    notify(port);
    return 0;
}

PUBLIC int xenevtchn_pending(handle_t *handle)
{
    uint32_t port;
    if (read(handle->fd, &port, sizeof port) != sizeof port)
        return -1;
    atomic_store(&shared()->port[port].state, MASKED);
    return (int)port;
}

PUBLIC int xenevtchn_unmask(handle_t *handle, uint32_t port)
{
    if (atomic_fetch_and(&shared()->port[port].state, ~(uint32_t)MASKED) & PENDING)
        ring_pipe(handle->number, port);
    return 0;
}

#endif
#ifdef PAGES

#define ALL_PAGES 65536u

static struct {
    void *address;
    uint32_t offset, port;
} notes[MAX_PORTS];

static void note(void *address, uint32_t offset, uint32_t port)
{
    for (unsigned at = 0; at < MAX_PORTS; at++)
        if (!notes[at].address) {
            notes[at].address = address;
            notes[at].offset = offset;
            notes[at].port = port;
            return;
        }
}

static int unmap(void *address, uint32_t count)
{
    for (unsigned at = 0; at < MAX_PORTS; at++)
        if (notes[at].address == address) {
            ((volatile uint8_t *)address)[notes[at].offset] = 0;
            notify(notes[at].port);
            notes[at].address = NULL;
        }
    return munmap(address, (size_t)count * PAGE);
}

static void *map(const uint32_t *refs, uint32_t count, int protection)
{
    char path[512];
    int fd = open(path_of(path, sizeof path, "pages", 0), O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)ALL_PAGES * PAGE) != 0)
        return NULL;
    uint8_t *base = mmap(NULL, (size_t)count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint32_t at = 0, run; at < count; at += run) {
        /* Pages side by side in one mapping: a kernel has so many of them only. */
        for (run = 1; at + run < count && refs[at + run] == refs[at] + run;)
            run++;
        mmap(base + (size_t)at * PAGE, (size_t)run * PAGE, protection, MAP_SHARED | MAP_FIXED, fd,
             (off_t)refs[at] * PAGE);
    }
    close(fd);
    return base;
}

PUBLIC void *xengnttab_open(void *logger, unsigned flags)
{
    (void)logger;
    (void)flags;
    return calloc(1, 8);
}

PUBLIC int xengnttab_close(void *handle)
{
    free(handle);
    return 0;
}

PUBLIC void *xengnttab_map_domain_grant_refs(void *handle, uint32_t count, uint32_t domid, uint32_t *refs,
                                             int protection)
{
    (void)handle;
    (void)domid;
    return map(refs, count, protection);
}

PUBLIC void *xengnttab_map_grant_ref(void *handle, uint32_t domid, uint32_t ref, int protection)
{
    return xengnttab_map_domain_grant_refs(handle, 1, domid, &ref, protection);
}

PUBLIC void *xengnttab_map_grant_ref_notify(void *handle, uint32_t domid, uint32_t ref, int protection,
                                            uint32_t offset, uint32_t port)
{
    void *address = xengnttab_map_grant_ref(handle, domid, ref, protection);
    if (address)
        note(address, offset, port);
    return address;
}

PUBLIC int xengnttab_unmap(void *handle, void *address, uint32_t count)
{
    (void)handle;
    return unmap(address, count);
}

PUBLIC void *xengntshr_open(void *logger, unsigned flags)
{
    return xengnttab_open(logger, flags);
}

PUBLIC int xengntshr_close(void *handle)
{
    return xengnttab_close(handle);
}

PUBLIC void *xengntshr_share_pages(void *handle, uint32_t domid, int count, uint32_t *refs, int writable)
{
    (void)handle;
    (void)domid;
    (void)writable;
    uint32_t first = atomic_fetch_add(&shared()->pages, (uint32_t)count) + 1;
    if (first + (uint32_t)count > ALL_PAGES) {
        errno = ENOSPC;
        return NULL;
    }
    for (int at = 0; at < count; at++)
        refs[at] = first + (uint32_t)at;
    return map(refs, (uint32_t)count, PROT_READ | PROT_WRITE);
}

PUBLIC void *xengntshr_share_page_notify(void *handle, uint32_t domid, uint32_t *ref, int writable,
                                         uint32_t offset, uint32_t port)
{
    void *address = xengntshr_share_pages(handle, domid, 1, ref, writable);
    if (address)
        note(address, offset, port);
    return address;
}

PUBLIC int xengntshr_unshare(void *handle, void *address, uint32_t count)
{
    (void)handle;
    return unmap(address, count);
}

#endif
