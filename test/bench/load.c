/* The load generator of the benchmark: one thread, epoll, one read and one write for each batch of
 * replies, so that it stays cheaper than any server that it measures.
 *
 *     load socket=PATH pid=SERVER work=WORK [name=number ...]
 *
 * work=read|write|directory   `conns` connections with `depth` requests in flight each, on nodes
 *                             `levels` deep (directory: on one node of `children` children), while
 *                             `watches` unrelated watches are registered
 * work=transaction            `conns` connections, each START, 5 READ, 5 WRITE, END, on own nodes;
 *                             `pipelined`=1 sends the ten operations and END as one batch
 * work=events                 one writer, `watches` watches of its path spread over `conns` connections
 * work=big                    build `nodes` nodes, then transactions among them, then RM of all; waits
 *                             for a line on stdin after the build, so that memory can be looked at
 * Each phase runs `warmup` and then `seconds` seconds (build and RM: to their end) and prints one
 * line of JSON. Rates count operations, whole transactions, events, or nodes. */
#define _GNU_SOURCE
#include "measure.h"
#include "xs.h"
#include <fcntl.h>
#include <sys/epoll.h>

#define DEPTH_MAX 64
#define IN_BYTES (256 * 1024)
#define OUT_BYTES (DEPTH_MAX * 4 * 1024)
#define TX_READS 5
#define TX_WRITES 5
#define TX_OPS (TX_READS + TX_WRITES)

static const char *socket_path, *work;
static int pid, conns = 1, depth = 1, levels = 2, children, watches, nodes = 100000, pipelined;
static double warmup_s = 0.5, run_s = 1;

struct conn {
    int fd, index;
    char *in, *out;
    size_t in_len, out_len;
    /* Closed loops: the bytes of one request, and when those in flight were sent. */
    char one[MESSAGE_MAX];
    size_t one_len;
    uint64_t sent_ns[DEPTH_MAX];
    unsigned sent, answered;
    /* Transactions: how many of the twelve messages were answered, and the id of the server. */
    int step;
    uint32_t tx;
};

static struct conn *all;
static int all_len, poll_fd;
static struct measure measured;
static int measuring, wanted_type;

static void add_conn(struct conn *c, int index) {
    c->index = index;
    c->fd = connect_to(socket_path);
    c->in = malloc(IN_BYTES);
    c->out = malloc(OUT_BYTES);
}

static void watch_fd(struct conn *c) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
}

/* What is in flight is bounded far below a socket's buffer, so a short write is a fault of the load. */
static void flush(struct conn *c) {
    if (c->out_len == 0) return;
    if (write(c->fd, c->out, c->out_len) != (ssize_t)c->out_len) die("write");
    c->out_len = 0;
}

static void count(uint64_t sent_ns, uint64_t now, const struct header *header) {
    if (!measuring) return;
    measured.ops++;
    if ((int)header->type != wanted_type) measured.errors++;
    measure_latency(&measured, now - sent_ns);
}

/* --- read, write, directory: `depth` equal requests in flight --------------------------------- */

static void send_one(struct conn *c, uint64_t now) {
    memcpy(c->out + c->out_len, c->one, c->one_len);
    c->out_len += c->one_len;
    c->sent_ns[c->sent++ % DEPTH_MAX] = now;
}

static void on_reply_ops(struct conn *c, const struct header *header, const char *payload, uint64_t now) {
    if (header->type == XS_READ &&
        (header->len != strlen(VALUE) || memcmp(payload, VALUE, header->len) != 0))
        measured.errors++;
    count(c->sent_ns[c->answered++ % DEPTH_MAX], now, header);
    send_one(c, now);
}

static void path_of(char *into, int index) {
    strcpy(into, "/bench");
    for (int level = 2; level < levels; level++) strcat(into, "/level");
    sprintf(into + strlen(into), "/c%d", index);
}

static void prepare_ops(struct conn *c) {
    char path[MESSAGE_MAX], bytes[MESSAGE_MAX];
    path_of(path, c->index);
    if (!strcmp(work, "directory")) strcpy(path, "/bench/dir");
    else round_trip(c->fd, bytes, write_request(bytes, 0, path));
    for (int i = 0; c->index == 0 && i < children; i++) {
        char child[64];
        sprintf(child, "/bench/dir/%03d", i);
        round_trip(c->fd, bytes, write_request(bytes, 0, child));
    }
    c->one_len = wanted_type == XS_WRITE ? write_request(c->one, 0, path)
                                         : request(c->one, (uint32_t)wanted_type, 0, path, "", 0);
}

static void start_ops(struct conn *c) {
    for (int i = 0; i < depth; i++) send_one(c, now_ns());
}

/* --- transactions ---------------------------------------------------------------------------- */

static int tx_nodes; /* 0: nodes of the connection's own; else that many in the big subtree */

static void tx_path(char *into, const struct conn *c, int op) {
    if (tx_nodes) {
        int node = (int)(((unsigned)(c->sent + (unsigned)op) * 2654435761u) % (unsigned)tx_nodes);
        sprintf(into, "/bench/big/d%d/n%d", node / 1000, node % 1000);
    } else
        sprintf(into, "/bench/t%d/k%d", c->index, op % TX_READS);
}

static void send_tx_op(struct conn *c, int op) {
    char path[64], *into = c->out + c->out_len;
    tx_path(path, c, op);
    c->out_len += op < TX_READS ? read_request(into, c->tx, path) : write_request(into, c->tx, path);
}

static void send_tx_end(struct conn *c) {
    c->out_len += request(c->out + c->out_len, XS_TRANSACTION_END, c->tx, "T", "", 0);
}

static void start_tx(struct conn *c) {
    c->out_len += request(c->out + c->out_len, XS_TRANSACTION_START, 0, "", "", 0);
    c->step = 0;
    c->sent_ns[0] = now_ns();
    c->sent += 7919;
}

static void on_reply_tx(struct conn *c, const struct header *header, const char *payload, uint64_t now) {
    c->step++;
    if (c->step == 1) {
        c->tx = (uint32_t)strtoul(payload, NULL, 10);
        for (int op = 0; pipelined && op < TX_OPS; op++) send_tx_op(c, op);
        if (pipelined) send_tx_end(c);
        else send_tx_op(c, 0);
    } else if (c->step == TX_OPS + 2) {
        count(c->sent_ns[0], now, header);
        start_tx(c);
    } else {
        if (header->type == XS_ERROR) measured.errors++;
        if (pipelined) return;
        if (c->step == TX_OPS + 1) send_tx_end(c);
        else send_tx_op(c, c->step - 1);
    }
}

static void prepare_tx(struct conn *c) {
    char path[64], bytes[MESSAGE_MAX];
    for (int op = 0; !tx_nodes && op < TX_READS; op++) {
        tx_path(path, c, op);
        round_trip(c->fd, bytes, write_request(bytes, 0, path));
    }
}

/* --- events: the next write when all watchers heard of the last ------------------------------- */

static int events_due, write_due;
static struct conn *writer;
static uint64_t written_ns;

static void start_round(void) {
    events_due = watches;
    write_due = 1;
    written_ns = now_ns();
    writer->out_len = write_request(writer->out, 0, "/bench/watched");
}

static void on_message_events(struct conn *c, const struct header *header, const char *payload, uint64_t now) {
    (void)c, (void)payload;
    if (header->type == XS_WATCH_EVENT) {
        events_due--;
        if (measuring) measured.ops++;
    } else {
        write_due--;
        if (header->type != XS_WRITE) measured.errors++;
    }
    if (events_due > 0 || write_due > 0) return;
    if (measuring) measure_latency(&measured, now - written_ns);
    start_round();
    flush(writer);
}

/* Registers `count` watches; `/bench/watched` itself, or paths that nobody writes. */
static void add_watches(struct conn *c, int count, int related) {
    char bytes[MESSAGE_MAX], payload[MESSAGE_MAX + 1], path[64], token[32];
    for (int i = 0; i < count; i++) {
        sprintf(path, "/bench/watched");
        if (!related) sprintf(path, "/bench/unrelated/w%d/n%d", c->index, i);
        int token_len = sprintf(token, "token-%d", i) + 1;
        write_all(c->fd, bytes, request(bytes, XS_WATCH, 0, path, token, (size_t)token_len));
        /* The reply and the first event, in either order. */
        for (int got = 0; got < 2; got++)
            if (read_message(c->fd, payload).type == XS_ERROR) die("WATCH");
    }
}

/* --- the loop -------------------------------------------------------------------------------- */

typedef void on_message_fn(struct conn *, const struct header *, const char *, uint64_t);

static void take(struct conn *c, on_message_fn *on_message) {
    ssize_t got = read(c->fd, c->in + c->in_len, IN_BYTES - c->in_len);
    if (got < 0 && errno == EAGAIN) return;
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) die("read");
    c->in_len += (size_t)got;
    uint64_t now = now_ns();
    size_t at = 0;
    while (c->in_len - at >= sizeof(struct header)) {
        struct header header;
        memcpy(&header, c->in + at, sizeof header);
        if (header.len > PAYLOAD_MAX) errno = EPROTO, die("reply");
        if (c->in_len - at < sizeof header + header.len) break;
        on_message(c, &header, c->in + at + sizeof header, now);
        at += sizeof header + header.len;
    }
    memmove(c->in, c->in + at, c->in_len - at);
    c->in_len -= at;
    flush(c);
}

static void turn(on_message_fn *on_message) {
    struct epoll_event ready[256];
    int n = epoll_wait(poll_fd, ready, 256, 5000);
    if (n == 0) errno = ETIMEDOUT;
    if (n <= 0 && errno != EINTR) die("the server stopped answering");
    for (int i = 0; i < n; i++) take(ready[i].data.ptr, on_message);
}

static void run(const char *phase, on_message_fn *on_message) {
    uint64_t from = now_ns(), warm = from + (uint64_t)(warmup_s * 1e9);
    uint64_t end = warm + (uint64_t)(run_s * 1e9);
    for (int i = 0; i < all_len; i++) flush(&all[i]);
    for (uint64_t now = from; now < end; now = now_ns()) {
        if (!measuring && now >= warm) {
            measure_start(&measured, pid);
            measuring = 1;
        }
        turn(on_message);
    }
    measure_print(&measured, phase, pid);
    measuring = 0;
}

/* --- 100 000 nodes --------------------------------------------------------------------------- */

static int built, sent_nodes;

static void send_node(struct conn *c) {
    char path[64];
    if (sent_nodes == nodes) return;
    sprintf(path, "/bench/big/d%d/n%d", sent_nodes / 1000, sent_nodes % 1000);
    sent_nodes++;
    c->out_len += write_request(c->out + c->out_len, 0, path);
}

static void on_reply_build(struct conn *c, const struct header *header, const char *payload, uint64_t now) {
    (void)payload, (void)now;
    built++;
    measured.ops++;
    if (header->type != XS_WRITE) measured.errors++;
    send_node(c);
}

static void run_big(void) {
    struct conn *c = &all[0];
    char bytes[MESSAGE_MAX];
    watch_fd(c);
    measure_start(&measured, pid);
    for (int i = 0; i < 16; i++) send_node(c);
    flush(c);
    while (built < nodes) turn(on_reply_build);
    measure_print(&measured, "build", pid);
    if (getchar() == EOF) exit(1);

    tx_nodes = nodes;
    wanted_type = XS_TRANSACTION_END;
    start_tx(c);
    run("transaction", on_reply_tx);
    fcntl(c->fd, F_SETFL, 0);
    close(c->fd);
    c->fd = connect_to(socket_path);

    measure_start(&measured, pid);
    round_trip(c->fd, bytes, request(bytes, XS_RM, 0, "/bench/big", "", 0));
    measured.ops = (uint64_t)nodes;
    measure_print(&measured, "remove", pid);
}

/* --- main ------------------------------------------------------------------------------------ */

static void parse(int argc, char **argv) {
    struct {
        const char *name;
        int *into;
    } numbers[] = {{"pid", &pid},           {"conns", &conns},     {"depth", &depth}, {"levels", &levels},
                   {"children", &children}, {"watches", &watches}, {"nodes", &nodes}, {"pipelined", &pipelined}};
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        int known = 0;
        if (value) *value++ = 0;
        else value = "";
        if (!strcmp(argv[i], "socket")) socket_path = value, known = 1;
        if (!strcmp(argv[i], "work")) work = value, known = 1;
        if (!strcmp(argv[i], "warmup")) warmup_s = atof(value), known = 1;
        if (!strcmp(argv[i], "seconds")) run_s = atof(value), known = 1;
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (!strcmp(argv[i], numbers[n].name)) *numbers[n].into = atoi(value), known = 1;
        if (!known) {
            fprintf(stderr, "load: unknown argument %s\n", argv[i]);
            exit(2);
        }
    }
    if (!socket_path || !work || depth > DEPTH_MAX || levels > 300) {
        fprintf(stderr, "load: socket=PATH and work=WORK are needed; depth is at most %d\n", DEPTH_MAX);
        exit(2);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    int transactions = !strcmp(work, "transaction"), events = !strcmp(work, "events");
    /* Unrelated watches sit on connections of their own, which stay silent. */
    int extra = watches && !events ? 100 : events ? 1 : 0;
    poll_fd = epoll_create1(0);
    all = calloc((size_t)(conns + extra), sizeof *all);
    for (int i = 0; i < conns + extra; i++) add_conn(&all[i], i);
    all_len = conns;
    for (int i = conns; !events && i < conns + extra; i++) add_watches(&all[i], watches / extra, 0);

    if (!strcmp(work, "big")) {
        run_big();
        return 0;
    }
    wanted_type = !strcmp(work, "read")    ? XS_READ
                  : !strcmp(work, "write") ? XS_WRITE
                  : transactions           ? XS_TRANSACTION_END
                                           : XS_DIRECTORY;
    for (int i = 0; i < conns; i++) {
        if (transactions) prepare_tx(&all[i]), start_tx(&all[i]);
        else if (events) add_watches(&all[i], watches / conns, 1);
        else prepare_ops(&all[i]), start_ops(&all[i]);
        watch_fd(&all[i]);
    }
    if (events) {
        watches -= watches % conns;
        writer = &all[conns];
        all_len++;
        watch_fd(writer);
        start_round();
    }
    run(work, transactions ? on_reply_tx : events ? on_message_events : on_reply_ops);
    return 0;
}
