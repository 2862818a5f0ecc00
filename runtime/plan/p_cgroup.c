/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_cgroup.c - which cgroup the container gets, and which devices it may use
 *
 * One directory for each v1 hierarchy and one on v2, at the same path everywhere. An absolute
 * cgroupsPath counts from the hierarchy's mount, a relative one from the runtime's own cgroup (on
 * v2 from its parent, because a cgroup with processes cannot hand controllers down).
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/cg.h"
#include "plan/p.h"

bool cg_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; s && *s;) {
		size_t len = strcspn(s, ", ");

		if (len == n && memcmp(s, word, n) == 0)
			return true;
		s += len + (s[len] != '\0');
	}
	return false;
}

enum cg_where cg_where(const struct cg_build *c, const char *controller)
{
	for (size_t i = 0; i < c->cg->n_dirs; i++)
		if (c->cg->dirs[i].controllers[0] && cg_has_word(c->cg->dirs[i].controllers, controller))
			return CG_V1;
	if (c->cg->n_dirs && !c->cg->dirs[c->cg->n_dirs - 1].controllers[0] &&
	    cg_has_word(c->v2_controllers, controller))
		return CG_V2;
	return CG_NOWHERE;
}

int cg_need(const struct cg_build *c, const char *controller, const char *prop,
	    enum cg_where *ret_where, struct err *e)
{
	enum cg_where where = cg_where(c, controller);

	if (where == CG_NOWHERE && c->why_none)
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.%s: it cannot be held without a "
			       "cgroup, and %s", prop, c->why_none);
	if (where == CG_NOWHERE)
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.%s: this host has no cgroup controller "
			       "\"%s\"", prop, controller);
	*ret_where = where;
	return 0;
}

struct plan_cg_write *cg_write(struct cg_build *c, const char *controller, const char *file,
			       const char *prop, const char *fmt, ...)
{
	struct plan_cg_write *w = arena_push(c->a, c->cg->writes, c->cg->n_writes);
	auto_free char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&value, fmt, ap);
	va_end(ap);
	w->controller = controller;
	w->file = file;
	w->value = arena_strdup(c->a, n < 0 ? "" : value);
	w->on_fail = FAIL_STOP;
	w->rule = arena_printf(c->a, "linux.resources.%s", prop);
	return w;
}

static int decide_writes(struct cg_build *c, struct err *e)
{
	static cg_fn *const areas[] = { cg_memory, cg_cpu,  cg_cpuset, cg_pids,	  cg_blkio,
					cg_hugetlb, cg_rdma, cg_net,	cg_unified };

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		if (areas[i](c, e))
			return -1;
	return 0;
}

static void device(struct build *b, struct op_cgroup *cg, struct plan_dev_rule r)
{
	*arena_push(b->a, cg->devices, cg->n_devices) = r;
}

/*
 * What every container may use under the plain runtime, as runc has it: nodes may be made of any
 * number (opening one is what the other rules decide), the default devices, the console, ptys, and
 * tun, which images rely on.
 */
static const struct plan_dev_rule default_rules[] = {
	{ true, 'c', -1, -1, false, false, true }, { true, 'b', -1, -1, false, false, true },
	{ true, 'c', 1, 3, true, true, true },	   { true, 'c', 1, 5, true, true, true },
	{ true, 'c', 1, 7, true, true, true },	   { true, 'c', 1, 8, true, true, true },
	{ true, 'c', 1, 9, true, true, true },	   { true, 'c', 5, 0, true, true, true },
	{ true, 'c', 5, 1, true, true, true },	   { true, 'c', 5, 2, true, true, true },
	{ true, 'c', 136, -1, true, true, true },  { true, 'c', 10, 200, true, true, true },
};

static struct plan_dev_rule rule_of(const struct oci_device_rule *d)
{
	return (struct plan_dev_rule){
		.allow = d->allow,
		.type = d->type ? d->type : 'a',
		.major = d->major.set ? d->major.v : -1,
		.minor = d->minor.set ? d->minor.v : -1,
		.read = d->read,
		.write = d->write,
		.mknod = d->mknod,
	};
}

static bool denies_all(const struct oci_device_rule *d)
{
	return !d->allow && (d->type == 'a' || !d->type) && d->read && d->write && d->mknod &&
	       (!d->major.set || d->major.v < 0) && (!d->minor.set || d->minor.v < 0);
}

/*
 * The list starts from nothing allowed, whatever the parent cgroup allows, and ends with the
 * defaults, unless a profile has made the whole list. Only the initial user namespace's root may
 * set device rules.
 */
static void devices(struct build *b, struct op_cgroup *cg)
{
	const struct oci_resources *r = b->s->linux_.resources;

	if (cg->none || b->f->euid != 0 || !b->f->in_initial_userns)
		return;
	if (!r || r->n_devices == 0 || !denies_all(&r->devices[0]))
		device(b, cg, (struct plan_dev_rule){ false, 'a', -1, -1, true, true, true });
	for (size_t i = 0; r && i < r->n_devices; i++)
		device(b, cg, rule_of(&r->devices[i]));
	if (b->t->profile->devices_screen)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++)
		device(b, cg, default_rules[i]);
}

static const char *parent_of(struct arena *a, const char *path)
{
	return path_clean(a, arena_printf(a, "%s/..", path));
}

/* A runtime that is not the machine's root makes cgroups only where it was given a place. */
static bool is_users(const struct build *b)
{
	return b->f->euid != 0 || !b->f->in_initial_userns;
}

static bool has_delegation(const struct build *b)
{
	for (size_t i = 0; i < b->f->n_hierarchies; i++)
		if (b->f->hierarchies[i].delegated)
			return true;
	return false;
}

static const char *why_none(const struct build *b)
{
	if (b->f->cgroup == CGROUP_NONE)
		return "there is none on this host, or they are disabled";
	return is_users(b) && !has_delegation(b) ? "none is delegated to this user" : NULL;
}

static const char *dir_path(struct build *b, const struct fact_hierarchy *h)
{
	const char *given = b->s->linux_.cgroups_path;
	const char *own = h->own_path ? h->own_path : "/";

	if (is_users(b) && (!given || given[0] != '/'))
		return path_join(b->a, h->delegated,
				 given && *given ? path_clean(b->a, given) + 1 :
						   arena_printf(b->a, "agentrt-%s", b->o->id));
	if (!given || !*given)
		return arena_printf(b->a, "/agentrt-%s", b->o->id);
	if (given[0] == '/')
		return path_clean(b->a, given);
	if (b->f->cgroup == CGROUP_V2)
		own = parent_of(b->a, own);
	return path_join(b->a, own, path_clean(b->a, given) + 1);
}

static int dirs(struct build *b, struct op_cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < b->f->n_hierarchies; i++) {
		const struct fact_hierarchy *h = &b->f->hierarchies[i];
		struct plan_cg_dir d = { h->controllers ? h->controllers : "", h->mount_host,
					 dir_path(b, h) };

		if (streq(d.path, "/") && !mutant("cgroup.root"))
			return err_set(e, ERR_SPEC, "linux.cgroupsPath: \"%s\" is the root of the cgroup "
				       "hierarchy, which holds the whole host", b->s->linux_.cgroups_path);
		if (is_users(b) && !path_is_within(d.path, h->delegated))
			return err_set(e, ERR_SPEC, "linux.cgroupsPath: \"%s\" is not below %s, the "
				       "cgroup that is delegated to this user", d.path, h->delegated);
		*arena_push(b->a, cg->dirs, cg->n_dirs) = d;
	}
	return 0;
}

static bool is_writable_cgroup_mount(const struct build *b, const struct oci_mount *m)
{
	if (!m->type || !m->destination || !str_has_prefix(m->type, "cgroup") ||
	    !streq(path_clean(b->a, m->destination), "/sys/fs/cgroup"))
		return false;
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], "ro"))
			return false;
	return true;
}

/* Delegation, as the specification's "Cgroup ownership" has it. */
static bool delegates(const struct build *b)
{
	const struct oci_namespace *ns = oci_ns_find(b->s, NS_CGROUP);

	if (b->f->cgroup != CGROUP_V2 || !ns || ns->path || !build_has_userns(b))
		return false;
	for (size_t i = 0; i < b->s->n_mounts; i++)
		if (is_writable_cgroup_mount(b, &b->s->mounts[i]))
			return true;
	return false;
}

static void delegate(struct build *b, struct op_cgroup *cg)
{
	const struct oci_linux *l = &b->s->linux_;
	const struct plan_idmap *uid = plan_idmaps(b->a, l->uid_mappings, l->n_uid_mappings);
	const struct plan_idmap *gid = plan_idmaps(b->a, l->gid_mappings, l->n_gid_mappings);

	cg->chown = plan_map_id(uid, l->n_uid_mappings, 0, &cg->owner_uid) &&
		    plan_map_id(gid, l->n_gid_mappings, 0, &cg->owner_gid);
}

static bool counts_zero_pids(const char *oci_version)
{
	static const char *const before[] = { "1.0", "1.1", "1.2" };

	for (size_t i = 0; oci_version && i < ARRAY_SIZE(before); i++)
		if (str_has_prefix(oci_version, before[i]) &&
		    !chr_is_digit(oci_version[strlen(before[i])]))
			return false;
	return true;
}

int p_cgroup(struct build *b, struct err *e)
{
	struct op_cgroup cg = { .v2 = b->f->cgroup == CGROUP_V2 };
	struct cg_build c = { .a = b->a, .cg = &cg, .v2_controllers = b->f->v2_controllers,
			      .r = b->s->linux_.resources, .why_none = why_none(b),
			      .zero_pids = counts_zero_pids(b->s->oci_version) };

	cg.none = c.why_none != NULL;
	if (!cg.none && dirs(b, &cg, e))
		return -1;
	if (c.r && decide_writes(&c, e))
		return -1;
	devices(b, &cg);
	if (!cg.none && delegates(b))
		delegate(b, &cg);

	struct op *op = plan_add(b->p, OP_CGROUP, "linux.cgroupsPath", "oci");

	op->note = c.why_none;
	op->u.cgroup = cg;
	return 0;
}

int plan_build_update(struct arena *a, const struct oci_resources *r, const struct facts *f,
		      struct op_cgroup *cg, struct err *e)
{
	struct op_cgroup out = *cg;
	struct cg_build c = { .a = a, .cg = &out, .v2_controllers = f->v2_controllers, .r = r,
			      .update = true };

	out.writes = NULL;
	out.n_writes = 0;
	out.devices = NULL;
	out.n_devices = 0;
	if (decide_writes(&c, e))
		return -1;
	*cg = out;
	return 0;
}
