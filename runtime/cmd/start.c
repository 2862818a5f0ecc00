/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - `start`: the process of a created container executes its program */
#include "cmd/container.h"
#include "cmd/notify.h"

static int run_start(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		     struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	struct notify n;

	(void)opts; /* the command has none */
	if (container_open(ctx, args->v[0], WITH_LOCK, &c, e) || notify_open(&c, &n, e))
		return -1;

	int rc = container_start(&c, e);

	container_unlock(&c); /* it may take its time to be ready */
	if (rc == 0)
		rc = notify_wait(&c, &n, e);
	notify_done(&n);
	return rc;
}

const struct cmd cmd_start = {
	.name = "start",
	.args = "ID",
	.summary = "start a created container",
	.min_args = 1,
	.max_args = 1,
	.run = run_start,
};
