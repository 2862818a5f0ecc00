/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.h - addresses that are this host's, E's, or E's gateways: never dialled
 *
 * Two NETLINK_ROUTE sockets, opened by the runtime in E and in the host's namespace, go on
 * answering for the namespace they were opened in. A notification only marks the set as stale; it
 * is read again before the next decision that needs it, so a busy host costs nothing meanwhile. A
 * set that cannot be read counts every address as own.
 */
#ifndef EGRESS_OWN_H
#define EGRESS_OWN_H

#include "egress/loop.h"
#include "egress/policy.h"

#define OWN_MAX 65536u

struct own_source {
	struct loop_source src;
	bool with_gateways;
	struct own *own;
};

struct own {
	struct own_source e, host;
	struct own_set set;
	size_t cap;
	bool stale;
	uint32_t seq;
};

int own_init(struct own *o, struct loop *l, int fd_e, int fd_host, struct err *e);
/* own_get() - the set as of now; valid until the next call */
const struct own_set *own_get(struct own *o);

#endif
