/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - exec_join(): one more process in a running container
 *
 * Theory of operation: the plan of an exec names the namespaces of the container's init and the
 * numbers they must have; they are opened once, before anything else, and entered by a helper
 * (spawn.c), which makes the process inside. From there on it is the same child with the same C_DROP
 * as at create, without a gate: end of file on the socket after ACK is the execve.
 *
 * A process must enter A and never E. After `start` that is what init's ns/net shows; before it, E
 * is. So where the container has an A, the network namespace to join must belong to the container's
 * user namespace, which E never does.
 *
 * Should: enter the cgroup without moving there (CLONE_INTO_CGROUP, or "0" into v1's tasks).
 * Mustn't: be traceable from inside at any moment (CVE-2016-9962); hold a descriptor of the host
 * once inside (CVE-2024-21626).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/child.h"
#include "exec/ctx_begin.h"
#include "exec/fds.h"
#include "exec/run.h"
#include "exec/spawn.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#define CGROUP_FILE_MAX 65536 /* bytes of /proc/<pid>/cgroup */

/* The process has executed, or its error is here. */
static int wait_exec(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	return sync_recv(&c->sync, &f, fds, e);
}

/* c->cg.v2_dir: where the container's first process is by now, below the same mount. */
static int open_init_cgroup(struct exec_ctx *c, const struct op_cgroup *cg, struct err *e)
{
	auto_close int file = -1, mount = -1, dir = -1;
	auto_free char *text = NULL;
	char rel[32], *path;

	snprintf(rel, sizeof(rel), "%d/cgroup", ctx_init_pid(c->plan));
	if (procfs_openat(c->procfd, rel, O_RDONLY, &file, e) ||
	    fd_read_all(file, CGROUP_FILE_MAX, rel, &text, NULL, e))
		return -1;
	path = strstr(text, "0::/");
	if (!path || (path != text && path[-1] != '\n'))
		return err_set(e, ERR_SYS, "the container's first process is in no cgroup (v2)");
	path += 4;
	path[strcspn(path, "\n")] = '\0';
	mount = open(cg->dirs[cg->n_dirs - 1].mount_host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount >= 0)
		dir = sys_openat2(mount, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
				  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (dir < 0)
		return err_sys(e, "open the cgroup /%s of the container's first process", path);
	cgroup_fds_done(&c->cg);
	c->cg.v2_dir = take_fd(dir);
	return 0;
}

/*
 * A container that manages its own cgroups (systemd or a container engine inside) moves its
 * processes into one below and hands controllers down: then the cgroup that we made takes no
 * process (EBUSY), and the one of the container's first process is the place.
 */
static int spawn_joined(struct exec_ctx *c, struct err *e)
{
	const struct op *cg = plan_find(c->plan, OP_CGROUP);
	struct err why = ERR_INIT;

	if (spawn(c, 0, child_join, &why) == 0)
		return 0;
	if (why.sys != EBUSY || c->cg.v2_dir < 0 || !cg || !cg->u.cgroup.v2) {
		if (e)
			*e = why;
		return -1;
	}
	return open_init_cgroup(c, &cg->u.cgroup, e) || spawn(c, 0, child_join, e) ? -1 : 0;
}

static int join(struct exec_ctx *c, struct err *e)
{
	if (ctx_begin(c, e) || run_phase(c, P_PRE, e))
		return -1;
	if (fault("join"))
		return err_set(e, ERR_SYS, "injected failure at join");
	sync_skip_setup(&c->sync);
	sync_skip_setup(&c->child_sync);
	if (!c->plan->terminal)
		fds_give_stdio(c->plan);
	if (spawn_joined(c, e))
		return -1;
	sync_done(&c->child_sync);
	cgroup_fds_done(&c->cg);
	if (run_phase(c, P_MAP, e) || answer_until_ready(c, e) || fill_result(c, e) ||
	    announce(c, e) || wait_exec(c, e) || write_pid(c, e))
		return -1;
	c->res->pidfd = take_fd(c->pidfd);
	return 0;
}

int exec_join(const struct plan *p, const struct exec_opts *o, struct exec_result *ret,
	      struct err *e)
{
	struct exec_ctx c;

	ctx_init(&c, p, o, ret);
	int rc = join(&c, e);

	if (rc) {
		sync_prefer_peer(&c.sync, e);
		fd_close(&ret->console_master);
		spawn_kill(&c);
	}
	ctx_done(&c);
	return rc;
}
