/*
 * The protocol of a world's guest socket; docs/xensim.md explains it, and server/wire/guestSocket.ts
 * has the same numbers for the other end.
 */
#ifndef XENSIM_WIRE_H
#define XENSIM_WIRE_H

#include <stdint.h>

#define XENSIM_VERSION 1u
#define XENSIM_MAGIC 0x4d495358u /* "XSIM" */
#define XENSIM_PAYLOAD_MAX (64u * 1024u)
#define XENSIM_REPLY_MAX (256u * 1024u)
#define XENSIM_PAGES_MAX 4096u
#define XENSIM_NONE 0xffffffffu

/* What a connection is. */
enum xensim_kind {
    XENSIM_EVTCHN = 1,
    XENSIM_EVENTS = 2,
    XENSIM_GNTDEV = 3,
    XENSIM_GNTALLOC = 4,
    XENSIM_PRIVCMD = 5,
};

enum xensim_op {
    XENSIM_HELLO = 1,
    XENSIM_BIND_UNBOUND = 16,
    XENSIM_BIND_INTERDOMAIN = 17,
    XENSIM_UNBIND = 18,
    XENSIM_NOTIFY = 19,
    XENSIM_UNMASK = 20,
    XENSIM_RESTRICT = 21,
    XENSIM_MAP = 32,
    XENSIM_UNMAP = 33,
    XENSIM_SHARE = 48,
    XENSIM_UNSHARE = 49,
    XENSIM_MAP_FOREIGN = 64,
    XENSIM_UNMAP_FOREIGN = 65,
    XENSIM_DOMAINS = 66,
    XENSIM_HVM_PARAM = 67,
    XENSIM_PORT_STATUS = 68,
    XENSIM_WORLD_TIME = 69,
};

struct xensim_request {
    uint32_t op;
    uint32_t payload_bytes;
};

struct xensim_reply {
    int32_t result; /* 0 or more, or a negative errno */
    uint32_t payload_bytes;
};

struct xensim_hello {
    uint32_t magic;
    uint32_t version;
    uint32_t kind;
    uint32_t domid;
};

/* Where a page lies: a file in the folder of the pages. An empty name: there is no such page. */
struct xensim_place {
    char name[28];
    uint32_t page;
};

struct xensim_domain {
    uint32_t domid;
    uint32_t flags; /* XEN_DOMINF_* */
    uint32_t pages;
    uint32_t vcpus;
};

#endif
