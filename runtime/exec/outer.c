/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outer.c - a user's own user namespace, in which an ordinary user's runtime is root
 *
 * Theory of operation. What a rootless engine gives the runtime, an ordinary user's runtime makes
 * for itself: a user namespace with all the ids that he has, and a mount namespace that belongs to
 * it. From then on the two are one case. The container's user namespace is nested in it, as it is in
 * an engine's; files that it left are removed from inside a new one with the same maps, for outside
 * most of them are somebody else's.
 *
 * The namespace is made by a child that waits while the maps are written, and entered by its
 * descriptor: setns(2), unlike unshare(2), may be called by a process whose memory is shared.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/exec.h"
#include "exec/helper.h"
#include "exec/idmap.h"
#include "exec/ns.h"
#include "sys/procfs.h"

static int outer_open(const struct exec_ids *ids, int *ret_fd, struct err *e)
{
	bool one = ids->n_uid == 1 && ids->n_gid == 1 && ids->uid[0].size == 1 &&
		   ids->gid[0].size == 1;
	const struct idmap m = { ids->uid, ids->gid, ids->n_uid, ids->n_gid, one, !one };
	auto_close int procfd = -1;

	if (procfs_open(&procfd, e) || idmap_userns(procfd, &m, ret_fd, e))
		return err_ctx(e, "without root (this is uid %u)", (unsigned)geteuid());
	return 0;
}

static int enter(int fd, struct err *e)
{
	if (setns(fd, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the user's own user namespace");
	return 0;
}

int exec_outer_enter(const struct exec_ids *ids, struct err *e)
{
	auto_close int fd = -1;

	if (outer_open(ids, &fd, e) || enter(fd, e))
		return -1;
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace in the user's own user namespace (a security "
				  "module may forbid it to programs without a profile)");
	return 0;
}

int exec_outer_enter_of(pid_t pid, struct err *e)
{
	auto_close int procfd = -1, own = -1, its = -1;
	char rel[32];

	snprintf(rel, sizeof(rel), "%d", (int)pid);
	if (procfs_open(&procfd, e) || ns_of(procfd, "self", NS_T_USER, &own, e) ||
	    ns_of(procfd, rel, NS_T_USER, &its, e))
		return -1;
	/* EPERM: the parent is not below ours, so it is not one that we could enter */
	auto_close int parent = ioctl(its, NS_GET_PARENT);
	if (parent < 0 && errno != EPERM)
		return err_sys(e, "find the user namespace around the container's");
	if (parent < 0 || ns_ino(parent) == ns_ino(own) || ns_ino(its) == ns_ino(own))
		return 0;
	return enter(parent, e);
}

struct run {
	int userns;
	int (*fn)(void *arg, struct err *e);
	void *arg;
};

static int run_inside(void *arg, struct err *e)
{
	const struct run *r = arg;

	return enter(r->userns, e) ? -1 : r->fn(r->arg, e);
}

int exec_outer_run(const struct exec_ids *ids, int (*fn)(void *arg, struct err *e), void *arg,
	      struct err *e)
{
	struct run r = { .fn = fn, .arg = arg };
	auto_close int fd = -1;

	if (outer_open(ids, &fd, e))
		return -1;
	r.userns = fd;
	return helper_run(run_inside, &r, e);
}
