/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anet.c - making A, the agent's network namespace (C_ANET)
 *
 * Theory of operation: A must belong to the container's user namespace, so the child makes it, with
 * `lo` and nothing else. Where the child itself is to stay in E (two_threads), a helper that shares
 * its memory and descriptors makes A, leaves everything behind as descriptors, and ends; else the
 * child makes it for itself.
 *
 * What must be done from inside A is done here, once: net sysctls, the routes that make every
 * address local or lead to P (pnet.c), the proxy's sockets (which stay sockets of A wherever they
 * go), and the sysfs mount, for sysfs shows the network namespace of whoever mounts it.
 *
 * Should: leave A with lo up and, where the plan has a port, the proxy's sockets on it.
 * Mustn't: touch the network namespace that the child was born in.
 */
#include "exec/anet.h"

#include <sched.h>

#include "base/egress_steer.h"
#include "base/fd.h"
#include "base/mutant.h"
#include "exec/helper.h"
#include "exec/lo.h"
#include "exec/ns.h"
#include "exec/pnet.h"
#include "exec/routes.h"
#include "exec/run.h"
#include "sys/mnt.h"
#include "sys/rtnl.h"

static bool wants_sysfs(const struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_MOUNT && p->ops[i].u.mount.kind == MOUNT_SYSFS)
			return true;
	return false;
}

/* How what is dialled in A comes to the proxy. */
static int lead(struct exec_ctx *c, const struct op_anet *a, const struct pnet *p, struct err *e)
{
	auto_close int fd = -1;

	if (a->proxy_port && a_socks_open(PLACE_A, a, &c->a_socks, e))
		return -1;
	if (a->steered == PLAN_STEER_NONE)
		return 0;
	if (rtnl_open(&fd, e) || routes_add_own(fd, STEER_OWN, e))
		return -1;
	return a->steered == PLAN_STEER_VETH ? pnet_join(p, &c->a_socks, e) : routes_local(fd, e);
}

static int fill(struct exec_ctx *c, const struct op_anet *a, struct pnet *p, struct err *e)
{
	const struct mnt_fs sysfs = { .type = "sysfs", .source = "sysfs" };

	if (fault("c_anet"))
		return err_set(e, ERR_SYS, "injected failure at c_anet");
	if (a->steered == PLAN_STEER_VETH && pnet_make(c->c_procfd, a, &c->a_socks, p, e))
		return -1;
	if (!mutant("op.anet") && unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make the agent's network namespace");
	if (lo_up(e) || run_phase(c, C_ANET, e) || lead(c, a, p, e))
		return -1;
	if (c->two_threads && wants_sysfs(c->plan) && mnt_new(&sysfs, &c->sysfs_tree, e))
		return -1;
	if (ns_of(c->c_procfd, "self", NS_T_NETWORK, &c->a_netns, e))
		return -1;
	c->a_ino = ns_ino(c->a_netns);
	return 0;
}

struct fill_args {
	struct exec_ctx *c;
	const struct op_anet *a;
	struct pnet p;
};

static int fill_in_helper(void *arg, struct err *e)
{
	struct fill_args *f = arg;

	return fill(f->c, f->a, &f->p, e);
}

int anet_make(struct exec_ctx *c, const struct op *op, struct err *e)
{
	struct fill_args f = { .c = c, .a = &op->u.anet, .p = PNET_INIT };
	int r = c->two_threads ? helper_run(fill_in_helper, &f, e) : fill_in_helper(&f, e);

	pnet_done(&f.p);
	return r ? err_ctx(e, "the agent's network namespace") : 0;
}
