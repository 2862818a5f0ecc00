/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - `pause` and `resume`: the cgroup's freezer */
#include "cgroup/cgroup.h"
#include "cmd/container.h"

static int freeze(struct cmd_ctx *ctx, const char *id, bool frozen, struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;

	if (container_open(ctx, id, WITH_LOCK, &c, e))
		return -1;
	if (c.cg.none)
		return err_set(e, ERR_UNSUPPORTED,
			       "container %s has no cgroup: it cannot be paused", id);
	if (frozen ? c.st != STATUS_RUNNING && c.st != STATUS_CREATED : c.st != STATUS_PAUSED)
		return err_set(e, ERR_STATE, "container not %s: it is %s",
			       frozen ? "running" : "paused", status_name[c.st]);
	return cgroup_freeze(&c.cg, frozen, e) ? -1 : 0;
}

static int run_pause(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		     struct err *e)
{
	(void)opts; /* the command has none */
	return freeze(ctx, args->v[0], true, e);
}

static int run_resume(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		      struct err *e)
{
	(void)opts; /* the command has none */
	return freeze(ctx, args->v[0], false, e);
}

const struct cmd cmd_pause = {
	.name = "pause",
	.args = "ID",
	.summary = "freeze every process of a container",
	.min_args = 1,
	.max_args = 1,
	.run = run_pause,
};

const struct cmd cmd_resume = {
	.name = "resume",
	.args = "ID",
	.summary = "let a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.run = run_resume,
};
