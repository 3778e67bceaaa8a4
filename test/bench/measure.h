/* What a phase of load measured: rate, latencies, errors, and the processor time at both ends. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Latencies in buckets of about 3 %: 32 steps for each power of two of nanoseconds. */
#define BUCKETS (64 * 32)

struct measure {
    uint64_t started_ns, ops, errors;
    uint64_t buckets[BUCKETS];
    double server_s, load_s;
};

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Processor seconds of all threads of a process; 0 when it cannot be read. */
static inline double cpu_of(int pid) {
    char name[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (!file) return 0;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *after_name = strrchr(text, ')');
    if (after_name)
        sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static inline double own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline void measure_start(struct measure *m, int pid) {
    memset(m, 0, sizeof *m);
    m->server_s = cpu_of(pid);
    m->load_s = own_cpu();
    m->started_ns = now_ns();
}

static inline void measure_latency(struct measure *m, uint64_t ns) {
    int top = 63 - __builtin_clzll(ns | 32);
    uint64_t step = (ns >> (top - 5)) & 31;
    m->buckets[top * 32 + (int)step]++;
}

static inline double percentile_us(const struct measure *m, double share) {
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) total += m->buckets[i];
    for (int i = 0; i < BUCKETS; i++) {
        seen += m->buckets[i];
        if (total && (double)seen >= share * (double)total)
            return (double)((uint64_t)(32 + i % 32) << (i / 32)) / 32 / 1000;
    }
    return 0;
}

/* One line of JSON for each phase. */
static inline void measure_print(struct measure *m, const char *phase, int pid) {
    double seconds = (double)(now_ns() - m->started_ns) / 1e9;
    double server_s = cpu_of(pid) - m->server_s, load_s = own_cpu() - m->load_s;
    printf("{\"phase\":\"%s\",\"ops\":%llu,\"seconds\":%.4f,\"opsPerSecond\":%.1f,\"p50Us\":%.1f,"
           "\"p99Us\":%.1f,\"errors\":%llu,\"serverCpuShare\":%.3f,\"loadCpuShare\":%.3f,"
           "\"serverCpuUsPerOp\":%.3f}\n",
           phase, (unsigned long long)m->ops, seconds, (double)m->ops / seconds, percentile_us(m, 0.5),
           percentile_us(m, 0.99), (unsigned long long)m->errors, server_s / seconds, load_s / seconds,
           m->ops ? server_s * 1e6 / (double)m->ops : 0.0);
    fflush(stdout);
}

#endif
