/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - `start`: the process of a created container executes its program */
#include "cmd/container.h"

static int run_start(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		     struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;

	(void)opts; /* the command has none */
	return container_open(ctx, args->v[0], WITH_LOCK, &c, e) || container_start(&c, e) ? -1 : 0;
}

const struct cmd cmd_start = {
	.name = "start",
	.args = "ID",
	.summary = "start a created container",
	.min_args = 1,
	.max_args = 1,
	.run = run_start,
};
