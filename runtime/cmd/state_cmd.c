/* SPDX-License-Identifier: Apache-2.0 */
/* state_cmd.c - `state`: the OCI state document of one container */
#include "base/str.h"
#include "cmd/container.h"
#include "spec/json.h"

static int run_state(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		     struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	auto_strbuf struct strbuf compact = STRBUF_INIT, b = STRBUF_INIT;

	(void)opts; /* the command has none */
	if (container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e))
		return -1;
	state_print(&compact, c.s, c.st, c.st == STATUS_STOPPED ? 0 : c.s->pid);
	json_indent(&b, compact.p);
	strbuf_adds(&b, "\n");
	return cmd_out(&b, e);
}

const struct cmd cmd_state = {
	.name = "state",
	.args = "ID",
	.summary = "print the state of a container",
	.min_args = 1,
	.max_args = 1,
	.run = run_state,
};
