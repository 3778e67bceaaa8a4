/*
 * One end of a vchan that does what it is told, against Debian's libxenvchan as it is.
 *
 *   vchanHand server|client DOMID PATH RINGBYTES
 *
 * Standard input says `write N` or `read N`, in bytes; each order waits until it is done, and says so. The
 * client must find its server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxenvchan.h>

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void move(struct libxenvchan *vchan, int is_write, unsigned long count)
{
    static char bytes[4096];
    while (count > 0) {
        size_t most = count < sizeof bytes ? count : sizeof bytes;
        int moved = is_write ? libxenvchan_write(vchan, bytes, most) : libxenvchan_read(vchan, bytes, most);
        if (moved <= 0)
            die(is_write ? "write" : "read");
        count -= (unsigned long)moved;
    }
}

int main(int count, char **words)
{
    if (count != 5)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int is_server = strcmp(words[1], "server") == 0, domid = atoi(words[2]);
    size_t ring = (size_t)atol(words[4]);
    struct libxenvchan *vchan = is_server ? libxenvchan_server_init(NULL, domid, words[3], ring, ring)
                                          : libxenvchan_client_init(NULL, domid, words[3]);
    if (!vchan)
        die(words[1]);
    vchan->blocking = 1;
    printf("ready\n");

    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        unsigned long bytes = 0;
        int is_write = sscanf(line, "write %lu", &bytes) == 1;
        if (!is_write && sscanf(line, "read %lu", &bytes) != 1)
            return 2;
        move(vchan, is_write, bytes);
        printf("done %s", line);
    }
    libxenvchan_close(vchan);
    return 0;
}
