/*
 * One end of a vchan with libxenvchan, measured; test/bench/vchanEnd.ts is the same with ours.
 *
 *   vchanPeer server|client PATH RINGBYTES stream|ping MESSAGEBYTES WARMUP SECONDS
 *
 * stream: the client writes messages, the server reads what there is. ping: each message comes back before the
 * next one. The client says `start` after its warm-up, and then how much passed as a line of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libxenvchan.h>

#define READ_BYTES 65536
#define MAX_LATENCY_US 100000
/* Messages between two looks at the clock. */
#define BATCH 64

static uint32_t buckets[MAX_LATENCY_US + 1];
static uint8_t bytes[1 << 20];

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "vchanPeer: %s\n", what);
    exit(1);
}

static void receive(struct libxenvchan *vchan, size_t count)
{
    for (size_t got = 0; got < count;) {
        int read = libxenvchan_read(vchan, bytes + got, count - got);
        if (read <= 0)
            exit(0);
        got += (size_t)read;
    }
}

static void serve(struct libxenvchan *vchan, int is_ping, size_t message)
{
    for (;;) {
        if (is_ping) {
            receive(vchan, message);
            if (libxenvchan_write(vchan, bytes, message) < 0)
                return;
        } else if (libxenvchan_read(vchan, bytes, READ_BYTES) <= 0)
            return;
    }
}

static uint32_t percentile(double share, uint64_t all)
{
    uint64_t seen = 0;
    for (uint32_t at = 0; at <= MAX_LATENCY_US; at++)
        if ((double)(seen += buckets[at]) >= share * (double)all)
            return at;
    return MAX_LATENCY_US;
}

/* Messages until then. */
static uint64_t play(struct libxenvchan *vchan, int is_ping, size_t message, double until)
{
    uint64_t count = 0;
    if (!is_ping) {
        do
            for (int at = 0; at < BATCH; at++, count++)
                if (libxenvchan_write(vchan, bytes, message) < 0)
                    die("the server has left");
        while (seconds_now() < until);
        return count;
    }
    for (double before = seconds_now(); before < until; count++) {
        if (libxenvchan_write(vchan, bytes, message) < 0)
            die("the server has left");
        receive(vchan, message);
        double after = seconds_now();
        uint32_t took = (uint32_t)((after - before) * 1e6 + 0.5);
        buckets[took > MAX_LATENCY_US ? MAX_LATENCY_US : took]++;
        before = after;
    }
    return count;
}

int main(int count, char **words)
{
    if (count != 8)
        return 2;
    int is_server = strcmp(words[1], "server") == 0, is_ping = strcmp(words[4], "ping") == 0;
    size_t ring = (size_t)atol(words[3]), message = (size_t)atol(words[5]);
    struct libxenvchan *vchan = is_server ? libxenvchan_server_init(NULL, 0, words[2], ring, ring)
                                          : libxenvchan_client_init(NULL, 0, words[2]);
    if (!vchan)
        die("cannot be opened");
    vchan->blocking = 1;
    if (is_server) {
        puts("ready");
        fflush(stdout);
        serve(vchan, is_ping, message);
        return 0;
    }
    play(vchan, is_ping, message, seconds_now() + atof(words[6]));
    memset(buckets, 0, sizeof buckets);
    puts("start");
    fflush(stdout);
    double started = seconds_now();
    uint64_t ops = play(vchan, is_ping, message, started + atof(words[7]));
    double took = seconds_now() - started;
    printf("{\"ops\":%llu,\"seconds\":%f,\"p50Us\":%u,\"p99Us\":%u}\n", (unsigned long long)ops, took,
           is_ping ? percentile(0.5, ops) : 0, is_ping ? percentile(0.99, ops) : 0);
    fflush(stdout);
    libxenvchan_close(vchan);
    return 0;
}
