/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - one probe from its parts: mountinfo is read once, paths after the kernel's abilities */
#include "probe/probe.h"

#include "base/fd.h"
#include "base/str.h"
#include "probe/internal.h"

/* Cache and memory bandwidth groups: linux.intelRdt */
static void probe_resctrl(struct probe_ctx *c)
{
	for (size_t i = 0; i < c->mounts.n && !c->f->resctrl_host; i++)
		if (streq(c->mounts.v[i].fstype, "resctrl"))
			c->f->resctrl_host = c->mounts.v[i].point;
}

static int probe_begin(struct probe_ctx *c, struct arena *a, const struct probe_opts *o,
		       struct err *e)
{
	*c = (struct probe_ctx){ .a = a, .idmap_userns = -1 };
	c->f = arena_alloc(a, 1, sizeof(*c->f));
	if (mountinfo_read(a, &c->mounts, e))
		return -1;
	probe_kernel(a, o, c->f);
	probe_user(a, c->f);
	probe_resctrl(c);
	return probe_cgroups(c, e);
}

int probe_facts(struct arena *a, const struct oci_spec *s, const char *bundle_host,
		const struct probe_opts *o, struct facts **ret_facts, struct err *e)
{
	struct probe_ctx c;
	int r = probe_begin(&c, a, o, e);

	if (r == 0)
		c.f->id = o->id;
	if (r == 0 && s->root && s->root->path)
		r = probe_root(&c, probe_absolute(a, bundle_host, s->root->path), o, e);
	if (r == 0) {
		probe_sources(&c, s, bundle_host);
		if (!o->no_guards)
			r = probe_guards(&c, o->state_root, e);
	}
	if (r == 0) {
		probe_namespaces(&c, s);
		*ret_facts = c.f;
	}
	fd_close(&c.idmap_userns);
	return r;
}

int probe_host(struct arena *a, struct facts **ret_facts, struct err *e)
{
	const struct probe_opts all = { 0 };
	struct probe_ctx c;

	if (probe_begin(&c, a, &all, e))
		return -1;
	*ret_facts = c.f;
	return 0;
}
