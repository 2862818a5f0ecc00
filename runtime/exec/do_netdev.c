/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_netdev.c - network interfaces of the host that the container gets (linux.netDevices)
 *
 * Phase: P_NET, parent, before the hooks; needs CAP_NET_ADMIN over both namespaces. Moving takes an
 * interface's addresses away and shuts it; the specification wants its permanent, global addresses
 * back and the interface up. What is found by number on one side may have another on the other, and
 * a name that the kernel chooses ("eth%d") is known to nobody: so it travels under a name that only
 * this call can have, and is renamed there.
 *
 * Should: on failure of this or anything later, put back what was moved, as it was (but for routes and
 * addresses that come and go, which are whoever made them's to make again): the container's end would
 * destroy a virtual interface. Mustn't: enter the namespace with the parent itself.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/helper.h"
#include "exec/netdev.h"
#include "sys/rtnl.h"

struct netdev_moved {
	struct netdev_moved *before; /* the one that was moved before it */
	char host_name[16];	     /* IFNAMSIZ */
	bool up;
	int index; /* in the container's namespace; 0: it did not arrive */
	struct rtnl_addr *addrs;
	size_t n_addrs;
};

struct in_ns {
	int netns, sock;
};

static int open_there(void *arg, struct err *e)
{
	struct in_ns *n = arg;

	if (setns(n->netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the container's network namespace");
	return rtnl_open(&n->sock, e);
}

/* A socket in each namespace. The container's is kept open once something is moved there: with its
 * last process it would be gone, and everything virtual in it. */
static int sockets(struct exec_ctx *c, int *ret_there, int *ret_here, struct err *e)
{
	auto_close int here = -1;
	struct in_ns n = { .sock = -1 };
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	if (c->moved_to < 0 && ns_of(c->procfd, pid, NS_T_NETWORK, &c->moved_to, e))
		return -1;
	if (rtnl_open(&here, e))
		return -1;
	n.netns = c->moved_to;
	if (helper_run(open_there, &n, e))
		return -1;
	*ret_there = n.sock;
	*ret_here = take_fd(here);
	return 0;
}

static void travel_name(char buf[16], int index)
{
	snprintf(buf, 16, "art%x.%x", (unsigned)getpid() & 0xffffff, (unsigned)index & 0xfffff);
}

/* On the way back also those that mean something on the host's links only; the kernel itself makes
 * the link-local one of IPv6. */
static bool goes_along(const struct rtnl_addr *a, bool home)
{
	bool keeps_scope = a->scope == RT_SCOPE_UNIVERSE || (home && a->family == AF_INET);

	return (a->flags & IFA_F_PERMANENT) && keeps_scope;
}

/* In the new place, @home or the container: name, addresses, up. */
static int settle(int sock, const char *travels, const char *name, bool home,
		  struct netdev_moved *m, struct err *e)
{
	struct rtnl_link l;

	if (rtnl_find(sock, travels, &l, e))
		return -1;
	m->index = l.index;
	if (rtnl_rename(sock, l.index, name, e))
		return -1;
	for (size_t i = 0; i < m->n_addrs; i++)
		if (goes_along(&m->addrs[i], home) && rtnl_add_addr(sock, l.index, &m->addrs[i], e))
			return -1;
	return !home || m->up ? rtnl_set_up(sock, l.index, 0, e) : 0;
}

static int look(int here, const char *host_name, struct netdev_moved *m, int *ret_index,
		struct err *e)
{
	struct rtnl_link l;

	if (rtnl_find(here, host_name, &l, e) || rtnl_addrs(here, l.index, &m->addrs, &m->n_addrs, e))
		return -1;
	snprintf(m->host_name, sizeof(m->host_name), "%s", host_name);
	m->up = l.up;
	*ret_index = l.index;
	return 0;
}

int do_netdev(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	auto_close int there = -1, here = -1;
	struct netdev_moved *m = xcalloc(1, sizeof(*m));
	char travels[16];
	int index;

	(void)i;
	if (sockets(c, &there, &here, e) ||
	    look(here, op->u.netdev.host_name, m, &index, e)) {
		free(m);
		return -1;
	}
	travel_name(travels, index);
	if (rtnl_move(here, index, c->moved_to, travels, e)) {
		free(m->addrs);
		free(m);
		return -1;
	}
	m->before = c->moved; /* from here on netdev_undo() knows it */
	c->moved = m;
	return settle(there, travels, op->u.netdev.name, false, m, e);
}

static int put_back(int there, int own_netns, int here, struct netdev_moved *m, struct err *e)
{
	char travels[16];

	travel_name(travels, m->index);
	if (rtnl_move(there, m->index, own_netns, travels, e))
		return -1;
	return settle(here, travels, m->host_name, true, m, e);
}

void netdev_undo(struct exec_ctx *c)
{
	auto_close int there = -1, here = -1, own = -1;
	struct err why = ERR_INIT;

	if (!c->moved || mutant("netdev.undo"))
		return;
	if (sockets(c, &there, &here, &why) ||
	    ns_of(c->procfd, "self", NS_T_NETWORK, &own, &why)) {
		log_warn("put network interface %s back: %s", c->moved->host_name, why.msg);
		return;
	}
	for (struct netdev_moved *m = c->moved; m; m = m->before)
		if (m->index && put_back(there, own, here, m, &why))
			log_warn("put network interface %s back: %s", m->host_name, why.msg);
}

void netdev_done(struct exec_ctx *c)
{
	fd_close(&c->moved_to);
	while (c->moved) {
		struct netdev_moved *m = c->moved;

		c->moved = m->before;
		free(m->addrs);
		free(m);
	}
}
