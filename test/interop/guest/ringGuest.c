/*
 * Plays one guest on the page of domain 1, and fails with a sentence where the server does not do
 * what the ring's document says: ringGuest PAGEFILE SEED SCENARIO. Doorbells: a byte on descriptor 3
 * from the server, a byte on descriptor 4 to it. What it prints is for the test.
 */
#include "ring.h"

#include <stdio.h>
#include <string.h>

static uint32_t begin_transaction(void)
{
    const struct message *reply = ask(XS_TRANSACTION_START, 0, "|");
    unsigned tx_id = 0;
    check(reply->header.type == XS_TRANSACTION_START && sscanf(reply->payload, "%u", &tx_id) == 1,
          "no transaction: %.60s", reply->payload);
    return tx_id;
}

/* `path|` and then so many letters. */
static const char *long_write(const char *path, size_t letters)
{
    static char payload[XENSTORE_PAYLOAD_MAX + 1];
    size_t length = (size_t)sprintf(payload, "%s|", path);
    for (size_t n = 0; n < letters; n++)
        payload[length++] = (char)('a' + n % 26);
    payload[length] = '\0';
    return payload;
}

/* A little of everything that a guest asks. */
static void live(const char *mark)
{
    char payload[128];
    sprintf(payload, "data/mark|%s", mark);
    ask_ok(XS_WRITE, 0, payload);
    ask_for(XS_READ, 0, "data/mark|", mark);
    ask_error(XS_READ, 0, "data/absent|", "ENOENT");
    ask_for(XS_GET_DOMAIN_PATH, 0, "1|", "/local/domain/1|");
    ask_ok(XS_WATCH, 0, "data/mark|token|");
    expect_event("data/mark|token|");
    uint32_t tx_id = begin_transaction();
    ask_ok(XS_WRITE, tx_id, "data/mark|inside");
    ask_for(XS_READ, 0, "data/mark|", mark);
    ask_ok(XS_TRANSACTION_END, tx_id, "T|");
    expect_event("data/mark|token|");
    ask_for(XS_READ, 0, "data/mark|", "inside");
    ask_ok(XS_UNWATCH, 0, "data/mark|token|");
    const char *write = long_write("data/long", 1900);
    ask_ok(XS_WRITE, 0, write);
    ask_for(XS_READ, 0, "data/long|", strchr(write, '|') + 1);
    ask_ok(XS_RM, 0, "data|");
    check(events_left() == 0 && !has_taken(), "something came that nobody asked for");
}

static void at_rest(void)
{
    wait_until(ring_is_idle, "the ring to come to rest");
}

static void scenario_life(void)
{
    for (int round = 0; round < 20; round++)
        live("one");
    at_rest();
}

static void scenario_wrap(void)
{
    page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = 0xfffffff0u;
    for (int round = 0; round < 5; round++)
        live("two");
    check(page->req_prod < 0x10000 && page->rsp_prod < 0x10000, "the indices did not go on from 0");
}

/* Many requests, put in pieces of any size, with their answers in the same order. */
static void scenario_flood(void)
{
    static char all[1 << 20];
    struct message reply;
    for (int round = 0; round < 40; round++) {
        size_t bytes = 0;
        unsigned requests = 50 + below(150);
        for (unsigned n = 0; n < requests; n++) {
            char payload[64];
            sprintf(payload, "data/n%u|%u", n % 7, n);
            bytes += build(all + bytes, XS_WRITE, 1000 + n, 0, payload);
        }
        put(all, bytes, round % 2 == 0 ? 9 : 3000);
        for (unsigned n = 0; n < requests; n++) {
            receive(&reply);
            check(reply.header.type == XS_WRITE && reply.header.req_id == 1000 + n,
                  "round %d: reply %u instead of %u", round, reply.header.req_id, 1000 + n);
        }
        check(!has_taken(), "more replies than requests");
    }
    at_rest();
}

static bool both_full(void)
{
    return requests_used() == XENSTORE_RING_SIZE && replies_used() == XENSTORE_RING_SIZE;
}

/* Puts requests until both rings are full and nobody can go on; answers how many whole ones were begun. */
static unsigned fill_both(const char *question)
{
    char request[256];
    unsigned begun = 0;
    size_t done = 0, length = build(request, XS_READ, 7000, 0, question);
    struct { unsigned same; uint32_t prod, cons; } quiet = { 0, 0, 0 };
    /* The server's own queue ends somewhere; nobody can go on when nothing has moved for so many looks. */
    while (quiet.same < 20) {
        done += put_now(request + done, length - done);
        if (done == length) {
            begun++;
            done = 0;
            length = build(request, XS_READ, 7000 + begun, 0, question);
        }
        bool is_same = quiet.prod == page->rsp_prod && quiet.cons == page->req_cons;
        quiet.same = is_same && both_full() ? quiet.same + 1 : 0;
        quiet.prod = page->rsp_prod;
        quiet.cons = page->req_cons;
        if (both_full()) {
            bell_ring();
            pause_ms(1);
        }
        check(begun < 200000, "the server takes requests without end from a guest that reads no reply");
    }
    return begun;
}

/* A guest that reads nothing for long: nothing is lost, and nothing overtakes. */
static void scenario_full(void)
{
    ask_ok(XS_WRITE, 0, long_write("data/v", 300));
    unsigned begun = fill_both("data/v|");
    struct message reply;
    for (unsigned n = 0; n < begun; n++) {
        receive(&reply);
        check(reply.header.type == XS_READ && reply.header.req_id == 7000 + n && reply.header.len == 300,
              "reply %u of type %u with %u bytes instead of %u", reply.header.req_id, reply.header.type,
              reply.header.len, 7000 + n);
    }
    printf("%u requests were begun before nobody could go on\n", begun);
}

static bool is_connected(void)
{
    return page->connection == XENSTORE_CONNECTED;
}

static void check_emptied(void)
{
    check(page->req_prod == page->req_cons && page->rsp_prod == page->rsp_cons, "the rings are not empty");
    check(page->error == XENSTORE_ERROR_NONE, "the error word is set");
}

static void reconnect(bool scribbles)
{
    page->connection = XENSTORE_RECONNECT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (scribbles) {
        for (unsigned n = 0; n < XENSTORE_RING_SIZE; n++) {
            page->req[n] = (char)below(256);
            page->rsp[n] = (char)below(256);
        }
        page->req_cons = below(0xffffffffu);
        page->req_prod = below(0xffffffffu);
        page->rsp_cons = below(0xffffffffu);
        page->rsp_prod = below(0xffffffffu);
    }
    bell_ring();
    /* Looks as fast as it can at first: the word must be the last thing that the server changes. */
    for (unsigned look = 0; look < 1000000 && !is_connected(); look++)
        ;
    if (is_connected())
        check_emptied();
    wait_until(is_connected, "the server to end the reconnect");
    forget_taken();
}

static unsigned rung_before;

static bool has_rung_since(void)
{
    return bell_rung() > rung_before;
}

/* Leaves as much behind as can be: then nothing of it may be there. */
static void scenario_reconnect(void)
{
    check(page->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION, "no reconnection is offered");
    for (int round = 0; round < 60; round++) {
        char request[256], half[256];
        ask_ok(XS_WRITE, 0, "data/x|before");
        ask_ok(XS_WATCH, 0, "data|old|");
        expect_event("data|old|");
        uint32_t tx_id = begin_transaction();
        ask_ok(XS_WRITE, tx_id, "data/x|inside");
        size_t length = build(half, XS_WRITE, 9, 0, "data/x|half");
        if (round % 3 == 0) {
            fill_both("data/x|");
        } else {
            put(request, build(request, XS_READ, 8, 0, "data/x|"), 3000);
            /* A part of a header, or of what follows it. */
            put_now(half, 1 + below((unsigned)length - 1));
        }
        if (round % 3 == 1) {
            wait_until(requests_are_taken, "the half request to be taken");
            rung_before = bell_rung();
        }
        reconnect(round % 2 == 1);
        check_emptied();
        if (round % 3 == 1)
            /* The word changes before it rings, and we look without a pause. */
            wait_until(has_rung_since, "the server to ring after the reconnect");
        ask_error(XS_READ, tx_id, "data/x|", "ENOENT");
        ask_for(XS_READ, 0, "data/x|", "before");
        ask_ok(XS_WRITE, 0, "data/x|after");
        check(events_left() == 0, "an old watch fired");
        ask_ok(XS_WATCH, 0, "data|old|");
        expect_event("data|old|");
        ask_ok(XS_UNWATCH, 0, "data|old|");
        ask_for(XS_READ, 0, "data/x|", "after");
    }
    at_rest();
}

/* A kernel that finds the word set: the builder, or who was there before, wants it to wait. */
static void scenario_waiting(void)
{
    check(page->connection == XENSTORE_RECONNECT, "the connection word is not set");
    printf("waits\n");
    fflush(stdout);
    wait_until(is_connected, "the server to be there");
    check_emptied();
    live("three");
}

/* What hvmloader does where no reconnection is offered. */
static void wipe(void)
{
    for (unsigned n = 0; n < XENSTORE_RING_SIZE; n++)
        page->req[n] = page->rsp[n] = (char)0xff;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = 0;
    forget_taken();
}

static void scenario_older(void)
{
    check((page->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION) == 0, "reconnection is offered");
    for (int round = 0; round < 20; round++) {
        char request[256];
        ask_ok(XS_WATCH, 0, "data|loader|");
        expect_event("data|loader|");
        /* A reply that the loader never reads. */
        put(request, build(request, XS_READ, 8, 0, "data|"), 3000);
        wait_until(replies_wait, "the reply");
        wait_until(requests_are_taken, "the request to be taken");
        wipe();
        /* The server was told of nothing: the watch of the loader is still there. */
        ask_error(XS_WATCH, 0, "data|loader|", "EEXIST");
        ask_ok(XS_RESET_WATCHES, 0, "|");
        live("four");
    }
}

static bool has_error(void)
{
    return page->error != XENSTORE_ERROR_NONE;
}

static void heals(uint32_t error)
{
    wait_until(has_error, "the error word");
    check(page->error == error, "the error word is %u and not %u", page->error, error);
    reconnect(false);
    check_emptied();
    live("five");
}

/* Indices that cannot be, in either ring; and one that writes on although there is no room. */
static void scenario_insane(void)
{
    for (int round = 0; round < 30; round++) {
        uint32_t cons = page->req_cons, distance = XENSTORE_RING_SIZE + 1 + below(1u << 30);
        if (round % 3 == 0)
            page->req_prod = cons + distance;
        else if (round % 3 == 1) {
            char request[64];
            page->rsp_cons = page->rsp_prod + 1 + below(1u << 30);
            put(request, build(request, XS_DIRECTORY, 6, 0, "/|"), 3000);
        } else {
            for (unsigned n = 0; n < XENSTORE_RING_SIZE + 200; n++)
                page->req[MASK_XENSTORE_IDX(cons + n)] = 'x';
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            page->req_prod = cons + XENSTORE_RING_SIZE + 200;
        }
        bell_ring();
        if (round % 3 != 1) {
            wait_until(has_error, "the error word");
            check(page->req_cons == cons, "the server read by an index that cannot be");
        }
        heals(XENSTORE_ERROR_RINGIDX);
    }
}

/* Messages that break the protocol: one that announces too much, and a ring of 0xff. */
static void scenario_broken(void)
{
    for (int round = 0; round < 10; round++) {
        if (round % 2 == 0) {
            struct xsd_sockmsg header = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
            put(&header, sizeof header, 5);
        } else {
            char noise[XENSTORE_RING_SIZE];
            memset(noise, 0xff, sizeof noise);
            put_now(noise, sizeof noise);
        }
        heals(XENSTORE_ERROR_PROTO);
    }
}

static const struct { const char *name; void (*play)(void); } scenarios[] = {
    { "life", scenario_life },       { "wrap", scenario_wrap },     { "flood", scenario_flood },
    { "full", scenario_full },       { "reconnect", scenario_reconnect }, { "waiting", scenario_waiting },
    { "older", scenario_older },     { "insane", scenario_insane }, { "broken", scenario_broken },
};

int main(int count, char **arguments)
{
    unsigned seed;
    check(count == 4 && sscanf(arguments[2], "%u", &seed) == 1, "ringGuest PAGEFILE SEED SCENARIO");
    for (size_t n = 0; n < sizeof scenarios / sizeof *scenarios; n++) {
        if (strcmp(scenarios[n].name, arguments[3]) != 0)
            continue;
        ring_open(arguments[1], 3, 4, seed);
        scenarios[n].play();
        printf("done\n");
        return 0;
    }
    fail("there is no scenario %s", arguments[3]);
}
