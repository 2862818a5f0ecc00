/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_text.c - a plan for people: what was changed and why, then what will be done, in order
 *
 * The number of an op is its index, the one that an error message names. Behind the arguments
 * stands the config property that it comes from, and the rule where a profile had its say.
 */
#include "base/table.h"
#include "plan/text.h"

static const char *const phase_text[] = {
	[P_PRE] = "runtime: cgroup and root prepared",
	[P_MAP] = "runtime: user namespace",
	[C_NS] = "container: namespaces",
	[C_ANET] = "container: its own network",
	[P_NET] = "runtime: network hooks, proxy",
	[C_FS] = "container: file system",
	[C_DROP] = "container: limits, ids, capabilities, filters",
	[C_GATE] = "container: waits for start",
	[C_EXEC] = "container: the process",
	[P_POST] = "runtime: after start, after stop",
};
TABLE_CHECK(phase_text, PHASE__COUNT);

void text_put(struct strbuf *b, const char *s)
{
	for (; s && *s; s++) {
		char c = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;

		strbuf_add(b, &c, 1);
	}
}

static void findings(struct strbuf *b, const struct plan *p)
{
	if (p->n_findings == 0)
		return;
	strbuf_adds(b, "\nWhat the profile decided\n");
	for (size_t i = 0; i < p->n_findings; i++) {
		const struct plan_finding *f = &p->findings[i];

		strbuf_addf(b, "  %-9s ", f->action);
		text_put(b, f->what);
		strbuf_adds(b, "\n            ");
		text_put(b, f->why);
		strbuf_addf(b, " [%s]\n", f->rule);
	}
}

static void origin(struct strbuf *b, const struct op *op)
{
	strbuf_adds(b, "   (");
	text_put(b, op->where);
	if (!streq(op->rule, "oci"))
		strbuf_addf(b, "; rule %s", op->rule);
	strbuf_adds(b, ")");
}

static void one_op(struct strbuf *b, const struct op *op, size_t i)
{
	size_t start = b->len;

	strbuf_addf(b, "  %3zu  %-11s  ", i, op_name(op->kind));
	text_op(b, op);
	/* behind the first line, not behind the lists */
	char *eol = memchr(b->p + start, '\n', b->len - start);
	auto_strbuf struct strbuf rest = STRBUF_INIT;

	if (eol) {
		strbuf_adds(&rest, eol);
		b->len = (size_t)(eol - b->p);
	}
	origin(b, op);
	if (rest.len)
		strbuf_adds(b, rest.p);
	if (op->on_fail == FAIL_IGNORE)
		strbuf_adds(b, "\n" TEXT_INDENT "a failure is ignored");
	if (op->note) {
		strbuf_adds(b, "\n" TEXT_INDENT);
		text_put(b, op->note);
	}
	strbuf_adds(b, "\n");
}

void plan_print_ops(struct strbuf *b, const struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		if (i == 0 || p->ops[i].phase != p->ops[i - 1].phase)
			strbuf_addf(b, "\n%s  %s\n", phase_name(p->ops[i].phase),
				    phase_text[p->ops[i].phase]);
		one_op(b, &p->ops[i], i);
	}
}

void plan_print_head(struct strbuf *b, const struct plan *p)
{
	strbuf_addf(b, "%s ", p->is_exec ? "exec in container" : "create container");
	text_put(b, p->id);
	strbuf_adds(b, ", profile ");
	text_put(b, p->profile ? p->profile : "none");
	strbuf_adds(b, "\nbundle ");
	text_put(b, p->bundle_host);
	strbuf_adds(b, "\n");
}

void plan_print_text(struct strbuf *b, const struct plan *p)
{
	plan_print_head(b, p);
	findings(b, p);
	plan_print_ops(b, p);
}
