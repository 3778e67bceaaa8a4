/*
 * A guest's program for sockets over PV Calls (pvcalls-sockets.c):
 *   pvsocket connect ADDRESS PORT [COUNT]    sends its input, and prints what comes: until the end, or COUNT bytes
 *                                            and the end of its input
 *   pvsocket listen ADDRESS PORT COUNT       says so, and sends back what comes on COUNT connections in turn
 * It waits in poll alone: the frontend's own waiting cannot be interrupted, so that nothing would end it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAMILY 13

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(1);
}

static void await(int socket, short what)
{
	struct pollfd one = { .fd = socket, .events = what };

	while (poll(&one, 1, -1) < 0)
		if (errno != EINTR)
			fail("poll");
	/* An error that says nothing of reading is one of writing. */
	if (what == POLLOUT && !(one.revents & POLLOUT)) {
		errno = EPIPE;
		fail("send");
	}
}

/* 0 at the end. */
static ssize_t receive(int socket, char *into, size_t room)
{
	for (;;) {
		ssize_t count;

		await(socket, POLLIN);
		count = recv(socket, into, room, MSG_DONTWAIT);
		if (count >= 0)
			return count;
		if (errno != EAGAIN)
			fail("recv");
	}
}

static void give(int socket, const char *from, size_t left)
{
	while (left > 0) {
		ssize_t count;

		await(socket, POLLOUT);
		count = send(socket, from, left, MSG_DONTWAIT);
		if (count < 0 && errno != EAGAIN)
			fail("send");
		/* The frontend answers 0 where others say EAGAIN. */
		if (count > 0) {
			from += count;
			left -= count;
		}
	}
}

static void print(const char *from, size_t left)
{
	while (left > 0) {
		ssize_t count = write(1, from, left);

		if (count < 0)
			fail("write");
		from += count;
		left -= count;
	}
}

static void carry(int socket, size_t left)
{
	static char bytes[65536];
	ssize_t count;
	pid_t sender = fork();

	if (sender < 0)
		fail("fork");
	if (sender == 0) {
		while ((count = read(0, bytes, sizeof(bytes))) > 0)
			give(socket, bytes, count);
		_exit(0);
	}
	while (left > 0 && (count = receive(socket, bytes, left < sizeof(bytes) ? left : sizeof(bytes))) > 0) {
		print(bytes, count);
		left -= count;
	}
	if (left > 0)
		kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
}

static void serve(int socket, int connections)
{
	static char bytes[65536];
	ssize_t count;

	for (; connections > 0; connections--) {
		int accepted;

		await(socket, POLLIN);
		accepted = accept(socket, NULL, NULL);
		if (accepted < 0)
			fail("accept");
		while ((count = receive(accepted, bytes, sizeof(bytes))) > 0)
			give(accepted, bytes, count);
		close(accepted);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listens = argc == 5 && strcmp(argv[1], "listen") == 0;
	int connects = (argc == 4 || argc == 5) && strcmp(argv[1], "connect") == 0;
	int end;

	if (!listens && !connects)
		return 2;
	address.sin_port = htons(atoi(argv[3]));
	if (!inet_aton(argv[2], &address.sin_addr))
		return 2;
	end = socket(FAMILY, SOCK_STREAM, 0);
	if (end < 0)
		fail("socket");
	if (listens) {
		if (bind(end, (struct sockaddr *)&address, sizeof(address)))
			fail("bind");
		if (listen(end, 5))
			fail("listen");
		print("listening\n", 10);
		serve(end, atoi(argv[4]));
	} else {
		if (connect(end, (struct sockaddr *)&address, sizeof(address)))
			fail("connect");
		carry(end, argc == 5 ? strtoul(argv[4], NULL, 10) : SIZE_MAX);
	}
	close(end);
	return 0;
}
