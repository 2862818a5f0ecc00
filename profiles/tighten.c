/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten.c - the walk over the areas, and what they share
 *
 * The oci profile switches every area off, so that its result is the config as it came; a test
 * compares the two. An area that is switched off must leave no finding.
 */
#include "profiles/tighten_ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"

const char *const finding_action_name[] = {
	[FIND_REMOVED] = "removed", [FIND_REPLACED] = "replaced", [FIND_ADDED] = "added",
	[FIND_PASSED] = "passed",   [FIND_NOTE] = "note",
};
TABLE_CHECK(finding_action_name, FIND__COUNT);

/* For create. tighten_net decides what tighten_ns writes; mounts and sysctls need the id maps. */
static tighten_area *const areas[] = {
	tighten_root_source, tighten_pod,     tighten_net,    tighten_ns,
	tighten_root,	     tighten_mounts,  tighten_env,    tighten_caps,
	tighten_proc,	     tighten_devices, tighten_sysctl, tighten_paths,
	tighten_seccomp,
};

/* For exec: what belongs to a process alone. */
static tighten_area *const process_areas[] = { tighten_env, tighten_caps, tighten_proc };

char *tighten_print(struct arena *a, const char *fmt, ...)
{
	auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	for (char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return arena_strdup(a, s);
}

void tighten_find(struct tighten_ctx *c, const char *rule, enum finding_action action,
		  const char *why, const char *fmt, ...)
{
	auto_free char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		abort();
	va_end(ap);
	*arena_push(c->a, c->findings, c->n_findings) = (struct finding){
		.rule = rule,
		.action = action,
		.what = tighten_print(c->a, "%s", what),
		.why = why,
	};
}

const struct fact_ns *tighten_fact_ns(const struct tighten_ctx *c, size_t i)
{
	static const struct fact_ns nothing = { .type = -1 };

	return i < c->f->n_ns ? &c->f->ns[i] : &nothing;
}

bool tighten_host_id(const struct oci_idmap *maps, size_t n, uint32_t ctr, uint32_t *ret_host)
{
	for (size_t i = 0; i < n; i++) {
		if (ctr < maps[i].ctr || ctr - maps[i].ctr >= maps[i].size)
			continue;
		*ret_host = maps[i].host + (ctr - maps[i].ctr);
		return true;
	}
	return false;
}

bool tighten_has_userns(const struct tighten_ctx *c)
{
	return oci_ns_find(c->s, NS_USER) != NULL;
}

static struct oci_process *copy_process(struct arena *a, const struct oci_process *in)
{
	struct oci_process *proc = arena_alloc(a, 1, sizeof(*proc));

	*proc = *in;
	if (in->caps) {
		proc->caps = arena_alloc(a, 1, sizeof(*proc->caps));
		*proc->caps = *in->caps;
	}
	return proc;
}

static struct oci_spec *copy_spec(struct arena *a, const struct oci_spec *in)
{
	struct oci_spec *s = arena_alloc(a, 1, sizeof(*s));

	*s = *in;
	if (in->process)
		s->process = copy_process(a, in->process);
	if (in->linux_.resources) {
		s->linux_.resources = arena_alloc(a, 1, sizeof(*s->linux_.resources));
		*s->linux_.resources = *in->linux_.resources;
	}
	return s;
}

static int check_complete(const struct profile *p, struct err *e)
{
	if (p->complete)
		return 0;
	return err_set(e, ERR_INPUT,
		       "profile \"%s\" is not complete: resolve what it extends first", p->name);
}

/* Annotations that the profile has been changed by. */
static void find_marks(struct tighten_ctx *c)
{
	for (size_t i = 0; i < c->p->n_marks; i++) {
		const struct profile_mark *m = &c->p->marks[i];

		tighten_find(c, m->widens ? "annotation.widen" : "annotation.narrow",
			     m->widens ? FIND_PASSED : FIND_REPLACED,
			     m->widens ? "annotations.allow of agentrt.json names it"
				       : "the container asks for less than its profile gives",
			     "annotations: %s", m->key);
	}
}

int tighten(struct arena *a, const struct oci_spec *s, const struct profile *p,
	    const struct facts *f, struct tight **ret_tight, struct err *e)
{
	struct tight *t = arena_alloc(a, 1, sizeof(*t));

	if (check_complete(p, e))
		return -1;
	t->profile = p;
	t->spec = copy_spec(a, s);

	struct tighten_ctx c = {
		.a = a,
		.p = p,
		.f = f,
		.in = s,
		.s = t->spec,
		.proc = t->spec->process,
		.t = t,
	};

	find_marks(&c);
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		if (areas[i](&c, e))
			return -1;
	t->findings = c.findings;
	t->n_findings = c.n_findings;
	*ret_tight = t;
	return 0;
}

int tighten_process(struct arena *a, const struct oci_process *proc, const struct profile *p,
		    const struct facts *f,
		    struct oci_process **ret_process, struct finding **ret_findings,
		    size_t *ret_n_findings, struct err *e)
{
	if (check_complete(p, e))
		return -1;

	struct tighten_ctx c = { .a = a, .p = p, .f = f, .proc = copy_process(a, proc) };

	for (size_t i = 0; i < ARRAY_SIZE(process_areas); i++)
		if (process_areas[i](&c, e))
			return -1;
	*ret_process = c.proc;
	*ret_findings = c.findings;
	*ret_n_findings = c.n_findings;
	return 0;
}

int tighten_resources(struct arena *a, const struct oci_resources *r, const struct profile *p,
		      struct oci_resources **ret_resources, struct finding **ret_findings,
		      size_t *ret_n_findings, struct err *e)
{
	const struct oci_spec in = { .linux_.resources = (struct oci_resources *)r };
	struct tighten_ctx c = { .a = a, .p = p, .is_update = true };

	if (check_complete(p, e))
		return -1;
	c.s = copy_spec(a, &in);
	if (tighten_proc(&c, e))
		return -1;
	*ret_resources = c.s->linux_.resources;
	*ret_findings = c.findings;
	*ret_n_findings = c.n_findings;
	return 0;
}
