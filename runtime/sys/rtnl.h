/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnl.h - network interfaces by rtnetlink(7): find, move to another namespace, rename, address
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

struct rtnl_link { int index; bool up; };

/* One address as the kernel shows it; lengths are 0 where the attribute is absent. */
struct rtnl_addr {
	uint8_t family, prefix, scope;
	uint32_t flags; /* IFA_F_* */
	uint8_t local[16], address[16], broadcast[16];
	uint8_t n_local, n_address, n_broadcast;
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
int rtnl_set_up(int fd, int index, struct err *e);
/* rtnl_add_addr() - permanent, on @index: local and peer address, prefix, broadcast, scope */
int rtnl_add_addr(int fd, int index, const struct rtnl_addr *a, struct err *e);

#endif
