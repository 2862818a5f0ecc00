/* SPDX-License-Identifier: Apache-2.0 */
/* ctx.c - the context's beginning and end, the same for create and exec */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "exec/ctx_begin.h"
#include "exec/fds.h"
#include "exec/netdev.h"
#include "exec/run.h"
#include "exec/selfexe.h"
#include "sys/procfs.h"

void ctx_init(struct exec_ctx *c, const struct plan *p, const struct exec_opts *o,
	      struct exec_result *res)
{
	memset(c, 0, sizeof(*c));
	c->plan = p;
	c->opts = o;
	c->res = res;
	c->procfd = c->own_netns = c->e_netns = c->pidfd = c->userns = c->moved_to = -1;
	c->egress_ready = c->dropped = -1;
	c->a_socks = (struct a_socks)A_SOCKS_INIT;
	c->sync = c->child_sync = (struct sync)SYNC_INIT;
	c->rootfd = c->c_procfd = c->a_netns = c->sysfs_tree = -1;
	c->console_master = c->console_slave = c->gate = c->result = c->hold = c->listener = -1;
	c->mask_file = c->mask_dir = -1;
	c->cg.v2_dir = -1;
	for (int t = 0; t < NS_TYPE__COUNT; t++)
		c->join[t] = -1;
	c->tree = xcalloc(p->n_ops, sizeof(*c->tree));
	for (size_t i = 0; i < p->n_ops; i++)
		c->tree[i] = -1;
	c->prog = xcalloc(p->n_ops, sizeof(*c->prog));
	memset(res, 0, sizeof(*res));
	res->pidfd = res->late = res->console_master = -1;
}

void ctx_done(struct exec_ctx *c)
{
	int *const fds[] = { &c->procfd, &c->own_netns, &c->e_netns, &c->pidfd,
			     &c->userns, &c->gate,	&c->result,  &c->egress_ready };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fd_close(fds[i]);
	ctx_drop_all(c);
	a_socks_close(&c->a_socks);
	for (int t = 0; t < NS_TYPE__COUNT; t++)
		fd_close(&c->join[t]);
	sync_done(&c->sync);
	sync_done(&c->child_sync);
	cgroup_fds_done(&c->cg);
	for (size_t i = 0; i < c->plan->n_ops; i++) {
		fd_close(&c->tree[i]);
		free(c->prog[i].data);
	}
	free(c->tree);
	free(c->prog);
	free(c->record.notify.data);
	free(c->record.part.data);
	netdev_done(c);
}

static bool is_own_ns(struct exec_ctx *c, enum ns_type type, int fd)
{
	auto_close int own = -1;

	return ns_of(c->procfd, "self", type, &own, NULL) == 0 && ns_ino(own) == ns_ino(fd);
}

static int open_join(struct exec_ctx *c, enum ns_type type, const char *path, uint64_t ino,
		     struct err *e)
{
	if (ns_open(path, type, ino, &c->join[type], e))
		return -1;
	if (is_own_ns(c, type, c->join[type]))
		fd_close(&c->join[type]); /* in it already; for a user namespace EINVAL */
	return 0;
}

static int open_op_join(struct exec_ctx *c, const struct op *op, bool has_own_net, struct err *e)
{
	if (op->kind == OP_USERNS && op->u.userns.action == NS_JOIN)
		return open_join(c, NS_T_USER, op->u.userns.path_host, op->u.userns.ino, e);
	if (op->kind == OP_NS && op->u.ns.action == NS_JOIN &&
	    !(has_own_net && op->u.ns.type == NS_T_NETWORK))
		return open_join(c, (enum ns_type)op->u.ns.type, op->u.ns.path_host, op->u.ns.ino,
				 e);
	return 0;
}

static int open_joins(struct exec_ctx *c, struct err *e)
{
	/* Where there is an A, the path of the network namespace is E's: never entered. */
	bool has_own_net = !c->plan->is_exec && plan_find(c->plan, OP_ANET) != NULL;

	for (size_t i = 0; i < c->plan->n_ops; i++) {
		const struct op *op = &c->plan->ops[i];

		if (open_op_join(c, op, has_own_net, e) == 0)
			continue;
		if (op->where)
			err_ctx(e, "%s", op->where);
		if (e)
			e->op = (int)i;
		return -1;
	}
	if (c->join[NS_T_USER] >= 0) {
		c->userns = fcntl(c->join[NS_T_USER], F_DUPFD_CLOEXEC, 3);
		if (c->userns < 0)
			return err_sys(e, "keep the user namespace");
	}
	return 0;
}

/*
 * A helper and the child share or copy this memory in namespaces where others are. An unprivileged
 * caller must stay dumpable, or it could not write its child's id maps: what is not dumpable belongs
 * to the root of the user namespace that the program was executed in, and that may be the host's,
 * although this process is root of another by now.
 */
static int hide_memory(struct exec_ctx *c, struct err *e)
{
	if (geteuid() != 0)
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "forbid to trace the runtime");
	if (c->new_userns && faccessat(c->procfd, "self/uid_map", W_OK, AT_EACCESS) < 0 &&
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "permit to trace the runtime");
	return 0;
}

int ctx_begin(struct exec_ctx *c, struct err *e)
{
	const struct op *userns = plan_find(c->plan, OP_USERNS);

	if (run_check(c->plan, e) || selfexe_check(c->plan, e) || fds_plan(c, e))
		return -1;
	c->new_userns = userns && userns->u.userns.action == NS_NEW;
	if (procfs_open(&c->procfd, e) || hide_memory(c, e) || open_joins(c, e))
		return -1;
	c->c_procfd = c->procfd;
	c->can_take_fd = geteuid() == 0;
	return sync_pair(&c->sync, &c->child_sync, e);
}

int ctx_init_pid(const struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];
		int pid;

		if (op->kind == OP_NS && op->u.ns.path_host &&
		    sscanf(op->u.ns.path_host, "/proc/%d/", &pid) == 1)
			return pid;
	}
	return 0;
}
