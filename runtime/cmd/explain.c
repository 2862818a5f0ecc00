/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - `explain`: the plan that create would perform, and the rule behind each operation */
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/pipeline.h"
#include "plan/areas.h"
#include "profiles/facts.h"

#define WOULD_BE_REFUSED 3

struct explain_opts {
	const char *bundle;
	bool json, facts, brief;
};

#define X(...) OPT_ROW(struct explain_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, bundle, "bundle", 'b', "DIR", "the bundle (default: the current directory)"),
	X(FLAG, json, "json", 0, NULL, "as JSON"),
	X(FLAG, brief, "short", 0, NULL, "by subject only, without the operations"),
	X(FLAG, facts, "facts", 0, NULL, "print what was found on this host instead"),
	{ 0 },
};

static void text(struct strbuf *b, const struct plan *p, bool brief)
{
	plan_print_head(b, p);
	areas_text(b, p);
	if (brief)
		return;
	strbuf_adds(b, "\nWhat is done, in order\n");
	plan_print_ops(b, p);
}

/* The plan's members, and in front of them ours: agentrt-explain(5) */
static void json(struct strbuf *b, const struct plan *p)
{
	auto_strbuf struct strbuf plan = STRBUF_INIT;

	plan_print_json(&plan, p);
	strbuf_adds(b, "{\"explain\":1,\"verdict\":\"accepted\",\n");
	areas_json(b, p);
	strbuf_adds(b, ",\n");
	strbuf_adds(b, plan.p + 1); /* behind its brace */
}

/* What create would refuse is an answer here, not a failure. */
static int refused(const struct explain_opts *o, const struct err *why, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (!o->json) {
		strbuf_addf(&b, "create would refuse it\n\n  refused   %s%s%s%s\n", why->msg,
			    why->rule[0] ? " [" : "", why->rule, why->rule[0] ? "]" : "");
		return cmd_out(&b, e) ? -1 : WOULD_BE_REFUSED;
	}
	strbuf_adds(&b, "{\"explain\":1,\"verdict\":\"refused\",\"rule\":");
	strbuf_add_json(&b, why->rule[0] ? why->rule : NULL);
	strbuf_adds(&b, ",\"why\":");
	strbuf_add_json(&b, why->msg);
	strbuf_adds(&b, "}\n");
	return cmd_out(&b, e) ? -1 : WOULD_BE_REFUSED;
}

static int run_explain(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		       struct err *e)
{
	const struct explain_opts *o = opts_;
	struct pipeline_opts po = { .id = args->n ? args->v[0] : "explain", .peek = true };
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err why = ERR_INIT;
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
	if (pipeline_read(ctx, &po, &p, &why) || pipeline_enter(ctx, &p, &why) ||
	    pipeline_plan(ctx, &po, &p, &why)) {
		if (why.kind == ERR_DENIED || why.kind == ERR_UNSUPPORTED)
			return refused(o, &why, e);
		*e = why;
		return -1;
	}
	if (o->facts)
		facts_write(&b, p.facts);
	else if (o->json)
		json(&b, p.plan);
	else
		text(&b, p.plan, o->brief);
	if (o->facts)
		strbuf_adds(&b, "\n");
	return cmd_out(&b, e);
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "[options] [ID]",
	.summary = "show what create would do with a bundle, and by which rule",
	.more = "Needs no privileges and changes nothing: an ordinary user is shown what create would do\n"
		"in his hands. ID is the name the container would have\n"
		"(what engines mount is recognised by it). Ends with status 3 where create would\n"
		"refuse the config.\n",
	.opts = opts,
	.opts_size = sizeof(struct explain_opts),
	.max_args = 1,
	.root = ROOT_WANTED,
	.run = run_explain,
};
