/* SPDX-License-Identifier: Apache-2.0 */
/* state_cmd.c - `state`: the OCI state document of one container */
#include "base/str.h"
#include "cmd/container.h"
#include "cmd/lifetime.h"
#include "spec/json.h"

/* Why it was ended, where the runtime did it. */
static void add_reason(struct container *c)
{
	const char *why = lifetime_ended(c);
	struct plan_kv *v = arena_alloc(c->a, c->s->n_annotations + 1, sizeof(*v));

	if (!why)
		return;
	for (size_t i = 0; i < c->s->n_annotations; i++)
		v[i] = c->s->annotations[i];
	v[c->s->n_annotations++] = (struct plan_kv){ "io.agentrt.ended", why };
	c->s->annotations = v;
}

static int run_state(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		     struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	auto_strbuf struct strbuf compact = STRBUF_INIT, b = STRBUF_INIT;

	(void)opts; /* the command has none */
	if (container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e))
		return -1;
	add_reason(&c);
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
