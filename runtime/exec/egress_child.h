/* SPDX-License-Identifier: Apache-2.0 */
/* egress_child.h - the process that becomes agentrt-egress; internal to do_egress */
#ifndef EXEC_EGRESS_CHILD_H
#define EXEC_EGRESS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/egress_wire.h"
#include "cgroup/cgroup.h"

/* Everything is opened by the parent but the two netlink sockets. -1 where absent. */
struct egress_child {
	int fd[EGRESS_FD__END]; /* as egress_wire.h numbers them; 0 to 2 unused */
	const int *listen;	/* those that follow, EGRESS_LISTEN_MAX at most; the context's */
	size_t n_listen;
	int program, null, procfd;
	int root; /* a tmpfs with nothing in it */
	int own_netns, e_netns; /* e_netns -1: an empty one, nothing can get out */
	uint32_t uid;  /* rootless and 0: the user's own */
	bool rootless; /* the runtime is root of a user's user namespace */
	struct cgroup_fds cg;
};

/**
 * egress_child_run() - become the program
 *
 * Runs in a process of its own, single-threaded, with the runtime's privileges; drops all of them.
 * Should: leave the runtime's session, cgroup, root directory, descriptors and signal state.
 * Mustn't: return, write anything but a failure ("E" and a sentence) to the ready pipe, or leave a
 * descriptor of the host's file system open.
 */
_Noreturn void egress_child_run(struct egress_child *k);

#endif
