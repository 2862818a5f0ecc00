/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_rdt.c - linux.intelRdt: which group of the resctrl file system the container gets
 *
 * A closID names a group that others may use too; without one the container has its own, named after
 * it and removed with it. A closID without a schema must exist: whoever made it has configured it.
 */
#include "base/path.h"
#include "base/str.h"
#include "plan/p.h"

static void add_lines(struct build *b, const char **text, const char *lines, bool without_mb)
{
	for (const char *s = lines; s && *s;) {
		size_t n = strcspn(s, "\n");
		const char *line = s + strspn(s, " ");

		if (n && !(without_mb && str_has_prefix(line, "MB:")))
			*text = arena_printf(b->a, "%s%.*s\n", *text, (int)n, s);
		s += n + (s[n] != '\0');
	}
}

/* In this order: what comes later overrides; NULL where the config says nothing. */
static const char *schema(struct build *b, const struct oci_intel_rdt *r)
{
	const char *text = "";

	add_lines(b, &text, r->l3_cache_schema, r->mem_bw_schema != NULL);
	add_lines(b, &text, r->mem_bw_schema, false);
	for (size_t i = 0; i < r->n_schemata; i++)
		add_lines(b, &text, r->schemata[i], false);
	return *text ? text : NULL;
}

int p_rdt(struct build *b, struct err *e)
{
	const struct oci_intel_rdt *r = b->s->linux_.intel_rdt;
	struct op_rdt out = { .join_only = b->p->is_exec };

	if (!r)
		return 0;
	if (!b->f->resctrl_host)
		return err_set(e, ERR_UNSUPPORTED, "linux.intelRdt: no resctrl file system is mounted on "
			       "this host");
	out.is_own = !r->clos_id;
	out.schema = schema(b, r);
	out.must_exist = r->clos_id && !out.schema;
	out.group_host = out.is_own ? path_join(b->a, b->f->resctrl_host, b->p->id) :
			 streq(r->clos_id, "/") ? b->f->resctrl_host :
						  path_join(b->a, b->f->resctrl_host, r->clos_id);
	if (r->enable_monitoring)
		out.monitor_host = arena_printf(b->a, "%s/mon_groups/%s", out.group_host, b->p->id);
	plan_add(b->p, OP_RDT, "linux.intelRdt", "oci")->u.rdt = out;
	return 0;
}
