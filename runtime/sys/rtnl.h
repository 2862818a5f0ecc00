/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnl.h - network interfaces by rtnetlink(7): make, find, move to another namespace, address, route
 *
 * A socket belongs to the network namespace it was opened in, wherever its owner goes. Each request
 * waits for the kernel's acknowledgement; e->sys is its errno.
 */
#ifndef SYS_RTNL_H
#define SYS_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RTNL_ADDRS_MAX 1024 /* addresses of one interface; more are an error */

/* @up: as it was told to be; @ready: and the other end is there, a packet that is sent now arrives */
struct rtnl_link { int index; bool up, ready; };

/* One address as the kernel shows it; lengths are 0 where the attribute is absent. */
struct rtnl_addr {
	uint8_t family, prefix, scope;
	uint32_t flags; /* IFA_F_* */
	uint8_t local[16], address[16], broadcast[16];
	uint8_t n_local, n_address, n_broadcast;
};

struct rtnl_route {
	uint8_t family, type, scope, table; /* RTN_*, RT_SCOPE_*, RT_TABLE_* */
	uint8_t dst[16], prefix;	    /* prefix 0: all */
	uint8_t gateway[16], source[16];    /* all zero: none; a gateway is on the link itself */
	int index;
};

/* A pair of interfaces: one in the socket's namespace, its peer in @peer_netns. */
struct rtnl_veth {
	const char *name, *peer_name;
	int index, peer_index; /* 0: the kernel's choice, for both */
	int peer_netns;
	uint8_t mac[6]; /* of both */
	uint32_t mtu;
};

/* rtnl_open() - a socket in the caller's network namespace, close-on-exec */
int rtnl_open(int *ret_fd, struct err *e);

int rtnl_find(int fd, const char *name, struct rtnl_link *ret, struct err *e);
/* rtnl_addrs() - every address of an interface; the caller frees *ret */
int rtnl_addrs(int fd, int index, struct rtnl_addr **ret, size_t *ret_n, struct err *e);

/* rtnl_move() - to the namespace @netns, under @name: no interface there may have it */
int rtnl_move(int fd, int index, int netns, const char *name, struct err *e);
/* rtnl_rename() - "%d" in @name is the kernel's to choose */
int rtnl_rename(int fd, int index, const char *name, struct err *e);
/* rtnl_set_up() - @flags: IFF_* besides */
int rtnl_set_up(int fd, int index, unsigned flags, struct err *e);
/* rtnl_add_addr() - permanent, on @index: local and peer address, prefix, broadcast, scope */
int rtnl_add_addr(int fd, int index, const struct rtnl_addr *a, struct err *e);
int rtnl_add_route(int fd, const struct rtnl_route *r, struct err *e);

/* rtnl_make_veth() - both down; needs CAP_NET_ADMIN over both namespaces */
int rtnl_make_veth(int fd, const struct rtnl_veth *v, struct err *e);
/* rtnl_has_veth() - whether the kernel has such pairs; nothing is made. True where it is not told. */
bool rtnl_has_veth(void);
/* rtnl_set_passive() - while it is down: it forwards nothing, and the kernel gives it no address */
int rtnl_set_passive(int fd, int index, struct err *e);

#endif
