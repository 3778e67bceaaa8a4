/* A guest's end of a xenstore ring, written from the public header and docs/misc/xenstore-ring.txt alone. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

/* Ends the program with a sentence and status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
#define check(condition, ...) do { if (!(condition)) fail(__VA_ARGS__); } while (0)

/* The page; its words change under our hands. */
extern volatile struct xenstore_domain_interface *page;

/* Maps the page file and takes the two doorbells: one byte for each ring. */
void ring_open(const char *file, int from_server, int to_server, unsigned seed);

void bell_ring(void);
/* Rings that have come from the server so far. */
unsigned bell_rung(void);
/* Waits until the condition holds, woken by the doorbell and by a timer. */
void wait_until(bool (*holds)(void), const char *what);

void pause_ms(int ms);

/* Chance from the seed: 0 to bound - 1. */
unsigned below(unsigned bound);

/* How many bytes wait; fails where the indices cannot be. */
uint32_t requests_used(void);
uint32_t replies_used(void);
bool requests_are_taken(void);
bool replies_wait(void);
bool ring_is_idle(void);

/* Puts bytes, in pieces of at most `piece` bytes each with its own doorbell; takes replies in while there is no room. */
void put(const void *bytes, size_t length, size_t piece);
/* Puts what there is room for, at once; answers how much that was. */
size_t put_now(const void *bytes, size_t length);
/* Takes in what the ring holds. */
void take_in(void);

struct message {
    struct xsd_sockmsg header;
    /* With a NUL behind the last octet, for comparisons. */
    char payload[XENSTORE_PAYLOAD_MAX + 1];
};

/* Builds a request; `|` stands for NUL. Answers its length. */
size_t build(char *into, uint32_t type, uint32_t req_id, uint32_t tx_id, const char *payload);
/* The next whole message; waits for it. */
void receive(struct message *message);
/* Forgets what was taken in and not received, as a kernel does that begins anew. */
void forget_taken(void);
/* Whether a part of a message, or a whole one, was taken in and not received. */
bool has_taken(void);

/* Asks, and answers what came with the same id. Events that come before are kept for next_event. */
const struct message *ask(uint32_t type, uint32_t tx_id, const char *payload);
void ask_ok(uint32_t type, uint32_t tx_id, const char *payload);
void ask_error(uint32_t type, uint32_t tx_id, const char *payload, const char *name);
/* The reply must be this, octet for octet but for `|` as NUL. */
void ask_for(uint32_t type, uint32_t tx_id, const char *payload, const char *reply);
/* Waits for an event, `path|token|`, and fails where it is another. */
void expect_event(const char *payload);
/* Events that came and were not expected. */
unsigned events_left(void);

#endif
