/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_json.c - a plan as JSON: `explain --json` and plan.json
 *
 * Stable: members keep their names and order, new ones are added. One op a line, so that a change of
 * policy is a change of few lines.
 */
#include "plan/show.h"

static void member(struct strbuf *b, const char *before, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_adds(b, before);
	strbuf_add_json(b, name);
	strbuf_adds(b, ":");
	strbuf_add_json(b, value);
}

static void head(struct strbuf *b, const struct plan *p)
{
	strbuf_addf(b, "{\"version\":1,\"action\":\"%s\"", p->is_exec ? "exec" : "create");
	member(b, ",", "id", p->id);
	member(b, ",", "bundle_host", p->bundle_host);
	member(b, ",", "oci_version", p->oci_version);
	member(b, ",", "profile", p->profile);
	strbuf_addf(b, ",\"terminal\":%s", p->terminal ? "true" : "false");
	strbuf_adds(b, ",\"annotations\":{");
	for (size_t i = 0; i < p->n_annotations; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, p->annotations[i].key);
		strbuf_adds(b, ":");
		strbuf_add_json(b, p->annotations[i].value);
	}
	strbuf_adds(b, "}");
}

static void findings(struct strbuf *b, const struct plan *p)
{
	strbuf_adds(b, ",\n\"findings\":[");
	for (size_t i = 0; i < p->n_findings; i++) {
		const struct plan_finding *f = &p->findings[i];

		strbuf_adds(b, i ? ",\n" : "\n");
		member(b, "{", "rule", f->rule);
		member(b, ",", "action", f->action);
		member(b, ",", "what", f->what);
		member(b, ",", "why", f->why);
		strbuf_adds(b, "}");
	}
	strbuf_adds(b, p->n_findings ? "\n]" : "]");
}

static void one_op(struct strbuf *b, const struct op *op, size_t i)
{
	strbuf_adds(b, "{\"i\":");
	strbuf_add_u64(b, i);
	member(b, ",", "op", op_name(op->kind));
	member(b, ",", "phase", phase_name(op->phase));
	member(b, ",", "where", op->where);
	member(b, ",", "rule", op->rule);
	member(b, ",", "on_fail", show_on_fail[op->on_fail]);
	member(b, ",", "note", op->note);
	strbuf_adds(b, ",\"args\":{");
	show_members(b, show_rows(op->kind), &op->u);
	strbuf_adds(b, "}}");
}

void plan_print_json(struct strbuf *b, const struct plan *p)
{
	head(b, p);
	findings(b, p);
	strbuf_adds(b, ",\n\"ops\":[");
	for (size_t i = 0; i < p->n_ops; i++) {
		strbuf_adds(b, i ? ",\n" : "\n");
		one_op(b, &p->ops[i], i);
	}
	strbuf_adds(b, p->n_ops ? "\n]}\n" : "]}\n");
}
