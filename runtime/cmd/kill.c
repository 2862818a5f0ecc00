/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - `kill`: a signal to the container's first process, or to all of them */
#include <signal.h>

#include "cgroup/cgroup.h"
#include "cmd/container.h"
#include "spec/names.h"

struct kill_opts {
	bool all;
};

#define X(...) OPT_ROW(struct kill_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, all, "all", 'a', NULL, "signal every process of the container"),
	{ 0 },
};

/* runc answers 0 for a stopped container here, and containerd counts on it. */
static int kill_all(const struct container *c, int sig, struct err *e)
{
	if (c->cg.none || c->cg.n_dirs == 0)
		return c->st == STATUS_STOPPED ? 0 : container_kill(c, sig, e);
	return cgroup_kill(&c->cg, sig, e);
}

static int run_kill(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		    struct err *e)
{
	const struct kill_opts *o = opts_;
	const char *name = args->n > 1 ? args->v[1] : "TERM";
	auto_container struct container c = CONTAINER_INIT;
	int sig;

	if (!name_find_signal(name, &sig))
		return err_set(e, ERR_USAGE, "unknown signal \"%s\"", name);
	if (container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e))
		return -1;
	return (o->all ? kill_all(&c, sig, e) : container_kill(&c, sig, e)) ? -1 : 0;
}

const struct cmd cmd_kill = {
	.name = "kill",
	.args = "[--all] ID [SIGNAL]",
	.summary = "send a signal (default TERM) to a container",
	.more = "SIGNAL is a number, or a name with or without SIG.\n",
	.opts = opts,
	.opts_size = sizeof(struct kill_opts),
	.order = OPT_FIRST,
	.min_args = 1,
	.max_args = 2,
	.run = run_kill,
};
