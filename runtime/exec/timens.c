/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timens.c - time namespaces
 *
 * Theory of operation: unshare(2) makes a time namespace for later children only, and its offsets
 * can be set while nobody is inside. The child makes it with the others (child.c), so that it
 * belongs to the container's user namespace, and an exec has the right to enter it. The offsets are
 * the parent's to write: the child is not dumpable, so its files in procfs are not its own. Then the
 * child enters what it has made. That takes a process with memory of its own (EUSERS): no helper.
 */
#include "exec/timens.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/fd.h"
#include "sys/procfs.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* linux/sched.h; not in glibc 2.36's sched.h */
#endif

int timens_offsets(struct exec_ctx *c, struct err *e)
{
	const struct op_ns *ns = ns_is_new(c->plan, NS_T_TIME) ? ns_find(c->plan, NS_T_TIME) : NULL;
	char rel[64], text[128];

	snprintf(rel, sizeof(rel), "%d/timens_offsets", (int)c->pid);
	for (size_t i = 0; ns && i < ns->n_offsets; i++) {
		snprintf(text, sizeof(text), "%s %lld %u\n", ns->offsets[i].clock,
			 (long long)ns->offsets[i].secs, ns->offsets[i].nanosecs);
		if (procfs_write(c->procfd, rel, text, e))
			return err_ctx(e, "linux.timeOffsets.%s", ns->offsets[i].clock);
	}
	return 0;
}

int timens_enter(struct exec_ctx *c, struct err *e)
{
	auto_close int fd = take_fd(c->join[NS_T_TIME]);

	if (ns_is_new(c->plan, NS_T_TIME) &&
	    procfs_open_link(c->c_procfd, "self/ns/time_for_children", O_RDONLY, &fd, e))
		return -1;
	if (fd >= 0 && setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(e, "enter the time namespace%s",
			       errno == EPERM ? " (one named by path must belong to the container's "
						"user namespace)" : "");
	return 0;
}
