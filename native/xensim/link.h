/* A connection to the guest socket of a world: one for each device that a program has open. */
#ifndef XENSIM_LINK_H
#define XENSIM_LINK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include "wire.h"

/* What the libraries give to programs; everything else stays inside. */
#define XENSIM_PUBLIC __attribute__((visibility("default")))

struct xensim_link {
    int fd;
    pthread_mutex_t lock; /* One request at a time. */
};

/*
 * Opens a device of the domain that this program is part of: the environment says which. `extra` goes
 * with the greeting; up to `room` bytes of the answer land in `greeting`, and `*greeting_bytes` says how
 * many. 0, or -1 with errno; ENOENT where the program was not started with `xenscope run`.
 */
int xensim_open(struct xensim_link *link, enum xensim_kind kind, int is_inherited, const void *extra,
                uint32_t extra_bytes, void *greeting, uint32_t room, uint32_t *greeting_bytes);

void xensim_close(struct xensim_link *link);

/*
 * Asks and waits for the answer, as long as that takes: a held world stops a program here. Gives the
 * result, or -1 with errno. An answer that is longer than `room` is EIO, and the link is of no use then.
 */
int xensim_ask(struct xensim_link *link, enum xensim_op op, const void *payload, uint32_t payload_bytes,
               void *answer, uint32_t room, uint32_t *answer_bytes);

/* Reads exactly so many bytes: 0, or -1 with errno (ENODEV when the other end is gone). */
int xensim_receive(int fd, void *bytes, size_t count);

#endif
