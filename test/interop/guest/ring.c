#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { page_bytes = 4096, look_again_ms = 20, patience_s = 50, max_events = 4096 };

volatile struct xenstore_domain_interface *page;

static int bell_in, bell_out;
static unsigned rung;
static uint32_t chance;
static uint32_t next_id = 1;

static char taken[1 << 22];
static size_t taken_bytes;
static char *events[max_events];
static unsigned first_event, last_event;

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (page)
        fprintf(stderr, "\nreq %08x/%08x rsp %08x/%08x features %x connection %x error %x",
                page->req_cons, page->req_prod, page->rsp_cons, page->rsp_prod,
                page->server_features, page->connection, page->error);
    fprintf(stderr, "\n");
    exit(1);
}

void ring_open(const char *file, int from_server, int to_server, unsigned seed)
{
    int fd = open(file, O_RDWR);
    check(fd >= 0, "cannot open %s: %s", file, strerror(errno));
    void *mapped = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check(mapped != MAP_FAILED, "cannot map %s: %s", file, strerror(errno));
    close(fd);
    page = mapped;
    bell_in = from_server;
    bell_out = to_server;
    chance = seed * 2654435761u + 1;
    fcntl(bell_in, F_SETFL, fcntl(bell_in, F_GETFL) | O_NONBLOCK);
}

unsigned below(unsigned bound)
{
    chance ^= chance << 13;
    chance ^= chance >> 17;
    chance ^= chance << 5;
    return chance % bound;
}

static void barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void bell_ring(void)
{
    check(write(bell_out, "!", 1) == 1, "the doorbell to the server is gone");
}

unsigned bell_rung(void)
{
    char rings[256];
    ssize_t count;
    while ((count = read(bell_in, rings, sizeof rings)) > 0)
        rung += (unsigned)count;
    check(count != 0, "the server closed the doorbell");
    return rung;
}

void wait_until(bool (*holds)(void), const char *what)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t deadline = now.tv_sec + patience_s;
    for (;;) {
        bell_rung();
        if (holds())
            return;
        clock_gettime(CLOCK_MONOTONIC, &now);
        check(now.tv_sec < deadline, "waited %d s for %s", patience_s, what);
        struct pollfd bell = { .fd = bell_in, .events = POLLIN };
        poll(&bell, 1, look_again_ms);
    }
}

void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static uint32_t used(uint32_t prod, uint32_t cons, const char *which)
{
    check(prod - cons <= XENSTORE_RING_SIZE, "%s_prod is %08x and %s_cons %08x", which, prod, which, cons);
    return prod - cons;
}

uint32_t requests_used(void)
{
    uint32_t cons = page->req_cons;
    return used(page->req_prod, cons, "req");
}

uint32_t replies_used(void)
{
    uint32_t cons = page->rsp_cons;
    return used(page->rsp_prod, cons, "rsp");
}

bool requests_are_taken(void)
{
    return requests_used() == 0;
}

bool replies_wait(void)
{
    return replies_used() > 0;
}

bool ring_is_idle(void)
{
    return requests_are_taken() && !replies_wait();
}

size_t put_now(const void *bytes, size_t length)
{
    uint32_t cons = page->req_cons, prod = page->req_prod;
    barrier();
    size_t room = XENSTORE_RING_SIZE - used(prod, cons, "req");
    size_t count = length < room ? length : room;
    if (count == 0)
        return 0;
    for (size_t n = 0; n < count; n++)
        page->req[MASK_XENSTORE_IDX(prod + n)] = ((const char *)bytes)[n];
    barrier();
    page->req_prod = prod + (uint32_t)count;
    bell_ring();
    return count;
}

void take_in(void)
{
    uint32_t cons = page->rsp_cons, prod = page->rsp_prod;
    barrier();
    uint32_t count = used(prod, cons, "rsp");
    if (count == 0)
        return;
    check(taken_bytes + count <= sizeof taken, "more replies than anybody asked for");
    for (uint32_t n = 0; n < count; n++)
        taken[taken_bytes + n] = page->rsp[MASK_XENSTORE_IDX(cons + n)];
    taken_bytes += count;
    barrier();
    page->rsp_cons = cons + count;
    bell_ring();
}

static bool can_go_on(void)
{
    return requests_used() < XENSTORE_RING_SIZE || replies_used() > 0;
}

void put(const void *bytes, size_t length, size_t piece)
{
    for (size_t done = 0; done < length;) {
        size_t rest = length - done, most = 1 + below((unsigned)piece);
        done += put_now((const char *)bytes + done, rest < most ? rest : most);
        if (done == length)
            return;
        /* Who serves us may wait for room itself. */
        wait_until(can_go_on, "room in the request ring");
        if (requests_used() == XENSTORE_RING_SIZE)
            take_in();
    }
}

size_t build(char *into, uint32_t type, uint32_t req_id, uint32_t tx_id, const char *payload)
{
    size_t length = strlen(payload);
    struct xsd_sockmsg header = { .type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)length };
    memcpy(into, &header, sizeof header);
    for (size_t n = 0; n < length; n++)
        into[sizeof header + n] = payload[n] == '|' ? '\0' : payload[n];
    return sizeof header + length;
}

bool has_taken(void)
{
    return taken_bytes > 0;
}

void forget_taken(void)
{
    taken_bytes = 0;
    while (first_event != last_event)
        free(events[first_event++]);
}

static bool has_whole(struct message *message)
{
    if (taken_bytes < sizeof message->header)
        return false;
    memcpy(&message->header, taken, sizeof message->header);
    uint32_t length = message->header.len;
    check(length <= XENSTORE_PAYLOAD_MAX, "a message of type %u announces %u bytes", message->header.type, length);
    return taken_bytes >= sizeof message->header + length;
}

void receive(struct message *message)
{
    while (!has_whole(message)) {
        wait_until(replies_wait, "a reply");
        take_in();
    }
    size_t whole = sizeof message->header + message->header.len;
    memcpy(message->payload, taken + sizeof message->header, message->header.len);
    message->payload[message->header.len] = '\0';
    memmove(taken, taken + whole, taken_bytes - whole);
    taken_bytes -= whole;
}

/* Whether the octets are those of the text, with `|` for NUL. */
static bool is_text(const struct message *message, const char *text)
{
    size_t length = strlen(text);
    if (message->header.len != length)
        return false;
    for (size_t n = 0; n < length; n++)
        if (message->payload[n] != (text[n] == '|' ? '\0' : text[n]))
            return false;
    return true;
}

static void keep_event(const struct message *event)
{
    check(event->header.req_id == 0 && event->header.tx_id == 0, "an event with an id");
    check(last_event < max_events, "more than %d events", max_events);
    char *text = malloc(event->header.len + 1);
    for (uint32_t n = 0; n < event->header.len; n++)
        text[n] = event->payload[n] == '\0' ? '|' : event->payload[n];
    text[event->header.len] = '\0';
    events[last_event++] = text;
}

const struct message *ask(uint32_t type, uint32_t tx_id, const char *payload)
{
    static struct message reply;
    char request[sizeof reply];
    uint32_t req_id = next_id++;
    put(request, build(request, type, req_id, tx_id, payload), XENSTORE_RING_SIZE);
    for (;;) {
        receive(&reply);
        if (reply.header.type == XS_WATCH_EVENT) {
            keep_event(&reply);
            continue;
        }
        check(reply.header.req_id == req_id, "the reply to %u came for %u", reply.header.req_id, req_id);
        check(reply.header.tx_id == tx_id, "a reply of another transaction");
        check(reply.header.type == type || reply.header.type == XS_ERROR, "a reply of type %u to %u",
              reply.header.type, type);
        return &reply;
    }
}

void ask_for(uint32_t type, uint32_t tx_id, const char *payload, const char *expected)
{
    const struct message *reply = ask(type, tx_id, payload);
    check(reply->header.type == type && is_text(reply, expected), "%u %.60s: %s%.60s", type, payload,
          reply->header.type == type ? "" : "ERROR ", reply->payload);
}

void ask_ok(uint32_t type, uint32_t tx_id, const char *payload)
{
    ask_for(type, tx_id, payload, "OK|");
}

void ask_error(uint32_t type, uint32_t tx_id, const char *payload, const char *name)
{
    const struct message *reply = ask(type, tx_id, payload);
    check(reply->header.type == XS_ERROR && strcmp(reply->payload, name) == 0, "%u %.60s: %.60s", type, payload,
          reply->payload);
}

void expect_event(const char *payload)
{
    while (first_event == last_event) {
        struct message message;
        receive(&message);
        check(message.header.type == XS_WATCH_EVENT, "a reply of type %u that nobody waits for", message.header.type);
        keep_event(&message);
    }
    char *event = events[first_event++];
    check(strcmp(event, payload) == 0, "the event %s where %s was expected", event, payload);
    free(event);
}

unsigned events_left(void)
{
    return last_event - first_event;
}
