/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - sockets that the container's filters refuse, into the decision log
 *
 * The runtime hands over the listener of each filter that it loads for a process of the container. A
 * process that asks for such a socket waits until a line is written and the filter's own errno given;
 * where nobody listens any more, the kernel gives ENOSYS.
 */
#ifndef EGRESS_WATCH_H
#define EGRESS_WATCH_H

#include <linux/seccomp.h>

#include "base/egress_wire.h"
#include "egress/loop.h"
#include "egress/record.h"

/* One filter; gone when no process has it any more. */
struct watch {
	bool is_used; /* the table is not touched before it is needed: a page for each */
	struct loop_source src;
	struct watches *all;
	struct egress_watch what;
};

struct watches {
	struct loop_source src; /* where listeners come from; fd -1: from nowhere */
	struct loop *loop;
	struct record *record;
	struct seccomp_notif *req; /* of the sizes that the kernel wants */
	struct seccomp_notif_resp *resp;
	size_t req_bytes, resp_bytes;
	struct watch v[EGRESS_WATCH_MAX];
};

/* watches_start() - before the jail */
int watches_start(struct watches *w, struct loop *l, struct record *record, struct err *e);

#endif
