#include "link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char socket_variable[] = "XENSCOPE_GUEST_SOCKET";
static const char domid_variable[] = "XENSCOPE_DOMID";

/* Who runs a program by mistake without a world gets no further word from it than an errno. */
static int complain(const char *what, int error)
{
    fprintf(stderr, "xensim: %s\n", what);
    errno = error;
    return -1;
}

static int send_all(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t sent = send(fd, at, count, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EPIPE || errno == ECONNRESET)
                errno = ENODEV;
            return -1;
        }
        at += sent;
        count -= (size_t)sent;
    }
    return 0;
}

int xensim_receive(int fd, void *bytes, size_t count)
{
    char *at = bytes;
    while (count > 0) {
        ssize_t got = recv(fd, at, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            errno = ENODEV;
            return -1;
        }
        if (got < 0)
            return -1;
        at += got;
        count -= (size_t)got;
    }
    return 0;
}

static int dial(const char *path, int is_inherited)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | (is_inherited ? 0 : SOCK_CLOEXEC), 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int domid_of_environment(uint32_t *domid)
{
    const char *text = getenv(domid_variable);
    char *end = NULL;
    unsigned long value = text && *text ? strtoul(text, &end, 10) : ULONG_MAX;
    if (!end || *end || value > 0x7fff)
        return -1;
    *domid = (uint32_t)value;
    return 0;
}

int xensim_open(struct xensim_link *link, enum xensim_kind kind, int is_inherited, const void *extra,
                uint32_t extra_bytes, void *greeting, uint32_t room, uint32_t *greeting_bytes)
{
    struct xensim_hello hello = {.magic = XENSIM_MAGIC, .version = XENSIM_VERSION, .kind = kind};
    char payload[sizeof hello + 64];
    const char *path = getenv(socket_variable);
    if (!path || domid_of_environment(&hello.domid) != 0)
        return complain("this program is part of no simulated domain; start it with `xenscope run`", ENOENT);
    if (extra_bytes > sizeof payload - sizeof hello) {
        errno = EINVAL;
        return -1;
    }
    link->fd = dial(path, is_inherited);
    if (link->fd < 0)
        return complain("the world of this program cannot be reached; it may have ended", errno);
    pthread_mutex_init(&link->lock, NULL);
    memcpy(payload, &hello, sizeof hello);
    if (extra_bytes > 0)
        memcpy(payload + sizeof hello, extra, extra_bytes);
    if (xensim_ask(link, XENSIM_HELLO, payload, (uint32_t)sizeof hello + extra_bytes, greeting, room,
                   greeting_bytes) == 0)
        return 0;
    int error = errno;
    xensim_close(link);
    return complain("the world of this program does not let it in; it may have ended", error);
}

void xensim_close(struct xensim_link *link)
{
    close(link->fd);
    pthread_mutex_destroy(&link->lock);
}

/* What nobody asked for is read and dropped, so that the next answer is found. */
static int skip(int fd, uint32_t count)
{
    char dropped[256];
    while (count > 0) {
        uint32_t piece = count < sizeof dropped ? count : (uint32_t)sizeof dropped;
        if (xensim_receive(fd, dropped, piece) != 0)
            return -1;
        count -= piece;
    }
    return 0;
}

static int exchange(int fd, const struct xensim_request *request, const void *payload, void *answer,
                    uint32_t room, uint32_t *answer_bytes)
{
    struct xensim_reply reply;
    if (send_all(fd, request, sizeof *request) != 0 || send_all(fd, payload, request->payload_bytes) != 0 ||
        xensim_receive(fd, &reply, sizeof reply) != 0)
        return -1;
    if (reply.payload_bytes > XENSIM_REPLY_MAX) {
        errno = EIO;
        return -1;
    }
    if (reply.result < 0) {
        if (skip(fd, reply.payload_bytes) != 0)
            return -1;
        errno = -reply.result;
        return -1;
    }
    if (reply.payload_bytes > room) {
        errno = EIO;
        return -1;
    }
    if (xensim_receive(fd, answer, reply.payload_bytes) != 0)
        return -1;
    if (answer_bytes)
        *answer_bytes = reply.payload_bytes;
    return reply.result;
}

int xensim_ask(struct xensim_link *link, enum xensim_op op, const void *payload, uint32_t payload_bytes,
               void *answer, uint32_t room, uint32_t *answer_bytes)
{
    struct xensim_request request = {.op = op, .payload_bytes = payload_bytes};
    if (payload_bytes > XENSIM_PAYLOAD_MAX) {
        errno = E2BIG;
        return -1;
    }
    pthread_mutex_lock(&link->lock);
    int result = exchange(link->fd, &request, payload, answer, room, answer_bytes);
    int error = errno;
    pthread_mutex_unlock(&link->lock);
    errno = error;
    return result;
}
