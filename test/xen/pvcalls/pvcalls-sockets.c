// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Linux's frontend of PV Calls has no user: nothing in the kernel calls its functions. Here they become a
 * family of stream sockets, so that programs of a guest can use them. Its number is that of NetBEUI, which
 * Linux never had; addresses are those of IPv4.
 */
#include <linux/module.h>
#include <net/sock.h>

#include "pvcalls-front.h"

#define FAMILY AF_NETBEUI

static struct proto pvcalls_socket_proto = {
	.name = "PVCALLS",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct sock),
};

/* Gives back the half of a socket that the network sees; the frontend has let go of it. */
static void forget(struct socket *socket)
{
	struct sock *sk = socket->sk;

	sock_orphan(sk);
	socket->sk = NULL;
	sock_put(sk);
}

static int release(struct socket *socket)
{
	if (socket->sk) {
		pvcalls_front_release(socket);
		forget(socket);
	}
	return 0;
}

static int connect(struct socket *socket, struct sockaddr *address, int length, int flags)
{
	int failed = pvcalls_front_connect(socket, address, length, flags);

	if (!failed)
		socket->state = SS_CONNECTED;
	return failed;
}

static int accept(struct socket *socket, struct socket *accepted, int flags, bool kern)
{
	int waits = socket->file->f_flags & O_NONBLOCK ? SOCK_NONBLOCK : 0;
	int failed = pvcalls_front_accept(socket, accepted, waits);

	if (accepted->sk) {
		/* The frontend made it and keeps its own state there, which making it ready would clear. */
		void *state = accepted->sk->sk_send_head;

		sock_init_data(accepted, accepted->sk);
		accepted->sk->sk_send_head = state;
		accepted->state = SS_CONNECTED;
	}
	return failed;
}

static const struct proto_ops operations = {
	.family = FAMILY,
	.owner = THIS_MODULE,
	.release = release,
	.bind = pvcalls_front_bind,
	.connect = connect,
	.socketpair = sock_no_socketpair,
	.accept = accept,
	.getname = sock_no_getname,
	.poll = pvcalls_front_poll,
	.ioctl = sock_no_ioctl,
	.listen = pvcalls_front_listen,
	.shutdown = sock_no_shutdown,
	.sendmsg = pvcalls_front_sendmsg,
	.recvmsg = pvcalls_front_recvmsg,
	.mmap = sock_no_mmap,
	.sendpage = sock_no_sendpage,
};

static int create(struct net *net, struct socket *socket, int protocol, int kern)
{
	struct sock *sk;
	int failed;

	if (socket->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	sk = sk_alloc(net, FAMILY, GFP_KERNEL, &pvcalls_socket_proto, kern);
	if (!sk)
		return -ENOMEM;
	sock_init_data(socket, sk);
	socket->ops = &operations;
	failed = pvcalls_front_socket(socket);
	if (failed)
		forget(socket);
	return failed;
}

static const struct net_proto_family family = {
	.family = FAMILY,
	.create = create,
	.owner = THIS_MODULE,
};

static int __init begin(void)
{
	return sock_register(&family);
}

static void __exit end(void)
{
	sock_unregister(FAMILY);
}

module_init(begin);
module_exit(end);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Stream sockets over PV Calls");
