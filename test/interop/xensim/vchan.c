/*
 * One end of a vchan, against Debian's libxenvchan as it is.
 *
 *   vchan server|client DOMID PATH RINGBYTES stream|packet BYTES
 *   vchan server|client DOMID PATH RINGBYTES give|take BYTES
 *   vchan server|client DOMID PATH RINGBYTES ping ROUNDS
 *   vchan server|client DOMID PATH RINGBYTES watch
 *
 * RINGBYTES is the least size of both rings, or LEFT/RIGHT.
 *
 * stream, packet: the client sends so many bytes that both ends can compute, then the server as many
 * back; each end checks what it gets. give: writes so many bytes and closes. take: reads until so many
 * have come, or the other side has left, says how many, and closes. ping: one byte to and fro, a line
 * for each. watch: says `open N` each time that libxenvchan_is_open gives another answer, until it gives 0.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libxenvchan.h>

#define PACKET_BYTES 1000u
#define PIECE_BYTES 65536u

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static uint8_t byte_at(uint64_t position, int is_from_server)
{
    uint64_t mixed = (position + (is_from_server ? 7 : 0)) * 0x9e3779b97f4a7c15u;
    return (uint8_t)(mixed >> 56);
}

static void fill(uint8_t *bytes, uint64_t position, size_t count, int is_from_server)
{
    for (size_t at = 0; at < count; at++)
        bytes[at] = byte_at(position + at, is_from_server);
}

static void check(const uint8_t *bytes, uint64_t position, size_t count, int is_from_server)
{
    for (size_t at = 0; at < count; at++)
        if (bytes[at] != byte_at(position + at, is_from_server)) {
            fprintf(stderr, "byte %llu is wrong\n", (unsigned long long)(position + at));
            exit(1);
        }
}

/* How many bytes go at once: what is left, and no more than one piece. */
static size_t piece(uint64_t left, int is_packet)
{
    size_t most = is_packet ? PACKET_BYTES : PIECE_BYTES;
    return left < most ? (size_t)left : most;
}

static void send_all(struct libxenvchan *vchan, uint64_t total, int is_packet, int is_server)
{
    static uint8_t bytes[PIECE_BYTES];
    for (uint64_t done = 0; done < total;) {
        size_t count = piece(total - done, is_packet);
        fill(bytes, done, count, is_server);
        int sent = is_packet ? libxenvchan_send(vchan, bytes, count) : libxenvchan_write(vchan, bytes, count);
        if (sent <= 0)
            die("send");
        done += (uint64_t)sent;
    }
}

static void receive_all(struct libxenvchan *vchan, uint64_t total, int is_packet, int is_server)
{
    static uint8_t bytes[PIECE_BYTES];
    for (uint64_t done = 0; done < total;) {
        size_t count = piece(total - done, is_packet);
        int got = is_packet ? libxenvchan_recv(vchan, bytes, count) : libxenvchan_read(vchan, bytes, count);
        if (got <= 0)
            die("receive");
        check(bytes, done, (size_t)got, !is_server);
        done += (uint64_t)got;
    }
}

static void exchange(struct libxenvchan *vchan, uint64_t total, int is_packet, int is_server)
{
    if (is_server) {
        receive_all(vchan, total, is_packet, is_server);
        send_all(vchan, total, is_packet, is_server);
        /* The client closes when it has read all; earlier, and we would take its bytes away. */
        while (libxenvchan_is_open(vchan))
            libxenvchan_wait(vchan);
    } else {
        send_all(vchan, total, is_packet, is_server);
        receive_all(vchan, total, is_packet, is_server);
    }
    printf("exchanged %llu\n", (unsigned long long)total);
}

static void ping(struct libxenvchan *vchan, long rounds, int is_server)
{
    uint8_t ball = 1;
    for (long round = 1; round <= rounds; round++) {
        if (!is_server && libxenvchan_write(vchan, &ball, 1) != 1)
            die("write");
        if (libxenvchan_read(vchan, &ball, 1) != 1)
            die("read");
        if (is_server && libxenvchan_write(vchan, &ball, 1) != 1)
            die("write");
        printf("round %ld\n", round);
    }
    if (is_server)
        while (libxenvchan_is_open(vchan))
            libxenvchan_wait(vchan);
}

static void take(struct libxenvchan *vchan, uint64_t total, int is_server)
{
    static uint8_t bytes[PIECE_BYTES];
    uint64_t done = 0;
    while (done < total) {
        int got = libxenvchan_read(vchan, bytes, piece(total - done, 0));
        if (got <= 0)
            break;
        check(bytes, done, (size_t)got, !is_server);
        done += (uint64_t)got;
    }
    printf("took %llu\n", (unsigned long long)done);
}

static void watch(struct libxenvchan *vchan)
{
    int before = -1;
    for (;;) {
        int open = libxenvchan_is_open(vchan);
        if (open != before)
            printf("open %d\n", open);
        before = open;
        if (!open || libxenvchan_wait(vchan) != 0)
            return;
    }
}

/* The server may not be there yet. */
static struct libxenvchan *connect_patiently(int domid, const char *path)
{
    struct timespec moment = {.tv_nsec = 20000000};
    for (int attempt = 0; attempt < 3000; attempt++) {
        struct libxenvchan *vchan = libxenvchan_client_init(NULL, domid, path);
        if (vchan)
            return vchan;
        nanosleep(&moment, NULL);
    }
    die("libxenvchan_client_init");
    return NULL;
}

int main(int count, char **words)
{
    if (count < 6)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int is_server = strcmp(words[1], "server") == 0, domid = atoi(words[2]);
    const char *slash = strchr(words[4], '/');
    size_t left = (size_t)atol(words[4]), right = slash ? (size_t)atol(slash + 1) : left;
    struct libxenvchan *vchan = is_server ? libxenvchan_server_init(NULL, domid, words[3], left, right)
                                          : connect_patiently(domid, words[3]);
    if (!vchan)
        die("libxenvchan_server_init");
    vchan->blocking = 1;
    printf("ready\n");
    if (strcmp(words[5], "watch") == 0)
        watch(vchan);
    else if (strcmp(words[5], "ping") == 0)
        ping(vchan, atol(words[6]), is_server);
    else if (strcmp(words[5], "give") == 0)
        send_all(vchan, strtoull(words[6], NULL, 10), 0, is_server);
    else if (strcmp(words[5], "take") == 0)
        take(vchan, strtoull(words[6], NULL, 10), is_server);
    else
        exchange(vchan, strtoull(words[6], NULL, 10), strcmp(words[5], "packet") == 0, is_server);
    libxenvchan_close(vchan);
    return 0;
}
