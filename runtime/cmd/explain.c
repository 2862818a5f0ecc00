/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - `explain`: the plan that create would perform, and the rule behind each operation */
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/pipeline.h"
#include "profiles/facts.h"

struct explain_opts {
	const char *bundle;
	bool json, facts;
};

#define X(...) OPT_ROW(struct explain_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, bundle, "bundle", 'b', "DIR", "the bundle (default: the current directory)"),
	X(FLAG, json, "json", 0, NULL, "as JSON"),
	X(FLAG, facts, "facts", 0, NULL, "print what was found on this host instead"),
	{ 0 },
};

static int run_explain(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		       struct err *e)
{
	const struct explain_opts *o = opts_;
	struct pipeline_opts po = { .id = args->n ? args->v[0] : "explain", .peek = true };
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct pipeline p;
	const char *bundle;

	if (!ctx->root) /* a user without a runtime directory may ask, too */
		ctx->root = "/run/agentrt";
	if (!state_id_is_valid(po.id))
		return err_set(e, ERR_INPUT, "invalid container ID format: \"%s\"", po.id);
	if (cmd_abs(ctx->a, o->bundle ? o->bundle : ".", &bundle, e))
		return -1;

	auto_free char *real = realpath(bundle, NULL);
	if (!real)
		return err_sys(e, "open bundle %s", bundle);
	po.bundle_host = real;
	if (pipeline_read(ctx, &po, &p, e) || pipeline_plan(ctx, &po, &p, e))
		return -1;
	if (o->facts)
		facts_write(&b, p.facts);
	else if (o->json)
		plan_print_json(&b, p.plan);
	else
		plan_print_text(&b, p.plan);
	if (o->facts || o->json)
		strbuf_adds(&b, "\n");
	return cmd_out(&b, e);
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "[options] [ID]",
	.summary = "show what create would do with a bundle, and by which rule",
	.more = "Needs no privileges and changes nothing. ID is the name the container would have\n"
		"(what engines mount is recognised by it).\n",
	.opts = opts,
	.opts_size = sizeof(struct explain_opts),
	.max_args = 1,
	.root = ROOT_WANTED,
	.run = run_explain,
};
