/* The client side of the xenstore wire as the load generator needs it: requests as bytes, whole
 * messages out of a buffer, and a blocking round trip for setting things up. */
#ifndef XS_H
#define XS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    XS_DIRECTORY = 1,
    XS_READ = 2,
    XS_WATCH = 4,
    XS_TRANSACTION_START = 6,
    XS_TRANSACTION_END = 7,
    XS_WRITE = 11,
    XS_RM = 13,
    XS_WATCH_EVENT = 15,
    XS_ERROR = 16,
};

struct header {
    uint32_t type, req_id, tx_id, len;
};

#define PAYLOAD_MAX 4096
#define MESSAGE_MAX (sizeof(struct header) + PAYLOAD_MAX)
#define VALUE "sixteen bytes ok"

static inline void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* One request: `path`, a NUL, then `len` bytes of `tail`. */
static inline size_t request(char *into, uint32_t type, uint32_t tx, const char *path, const char *tail,
                             size_t len) {
    size_t path_len = strlen(path) + 1;
    struct header header = {type, 1, tx, (uint32_t)(path_len + len)};
    memcpy(into, &header, sizeof header);
    memcpy(into + sizeof header, path, path_len);
    memcpy(into + sizeof header + path_len, tail, len);
    return sizeof header + path_len + len;
}

static inline size_t read_request(char *into, uint32_t tx, const char *path) {
    return request(into, XS_READ, tx, path, "", 0);
}

static inline size_t write_request(char *into, uint32_t tx, const char *path) {
    return request(into, XS_WRITE, tx, path, VALUE, strlen(VALUE));
}

static inline int connect_to(const char *socket_path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strlen(socket_path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        die(socket_path);
    }
    strcpy(address.sun_path, socket_path);
    /* Listeners with a backlog of one refuse for a moment when many come at once. */
    for (int tries = 0; connect(fd, (void *)&address, sizeof address) != 0; tries++) {
        if (tries == 5000 || (errno != EAGAIN && errno != ECONNREFUSED)) die("connect");
        usleep(1000);
    }
    return fd;
}

static inline void write_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0) die("write");
        bytes += done;
        len -= (size_t)done;
    }
}

static inline void read_all(int fd, char *bytes, size_t len) {
    while (len > 0) {
        ssize_t done = read(fd, bytes, len);
        if (done == 0) errno = ECONNRESET;
        if (done <= 0) die("read");
        bytes += done;
        len -= (size_t)done;
    }
}

/* Reads one message; the payload is cut to what `payload` (MESSAGE_MAX bytes) holds. */
static inline struct header read_message(int fd, char *payload) {
    struct header header;
    read_all(fd, (char *)&header, sizeof header);
    if (header.len > PAYLOAD_MAX) {
        errno = EPROTO;
        die("reply");
    }
    read_all(fd, payload, header.len);
    payload[header.len] = 0;
    return header;
}

/* Sends a request and waits for its reply, passing over events. Ends the program on an error. */
static inline void round_trip(int fd, const char *bytes, size_t len) {
    char payload[MESSAGE_MAX + 1];
    struct header header;
    write_all(fd, bytes, len);
    do header = read_message(fd, payload);
    while (header.type == XS_WATCH_EVENT);
    if (header.type == XS_ERROR) {
        fprintf(stderr, "load: the server answered %s while setting up\n", payload);
        exit(1);
    }
}

#endif
