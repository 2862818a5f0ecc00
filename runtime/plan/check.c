/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - what the executor relies on, verified on the finished plan
 *
 * plan_build() makes plans for which all of this holds; a violation is a bug of the deciding files
 * or a config that slipped past them, and either must stop before anything privileged happens. One
 * rule a row; the name is also the mutant that switches the row off.
 */
#include "plan/check.h"

#include "base/egress_wire.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

/* The kernel's limit for one id map. */
#define MAX_ID_MAPS 340u

static int wrong(struct err *e, const struct plan *p, const struct op *op, const char *what)
{
	return err_set(e, ERR_SPEC, "plan op %td (%s, %s): %s", op - p->ops, op_name(op->kind),
		       op->where ? op->where : "?", what);
}

static int phases(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (!(op_info_of(op->kind)->phases >> op->phase & 1))
			return wrong(e, p, op, "stands in a phase that is not its own");
		if (i > 0 && op->phase < p->ops[i - 1].phase)
			return wrong(e, p, op, "comes after an op of a later phase");
	}
	return 0;
}

static int once(const struct plan *p, struct err *e)
{
	unsigned n[OP__COUNT] = { 0 };

	for (size_t i = 0; i < p->n_ops; i++)
		if (n[p->ops[i].kind]++ && op_info_of(p->ops[i].kind)->once)
			return wrong(e, p, &p->ops[i], "stands in the plan twice");
	return 0;
}

static int required(const struct plan *p, struct err *e)
{
	static const enum op_kind create[] = { OP_CGROUP, OP_ROOT, OP_PROPAGATION, OP_PIVOT,
					       OP_CREDS, OP_EXEC };
	static const enum op_kind join[] = { OP_CGROUP, OP_CREDS, OP_EXEC };
	const enum op_kind *kinds = p->is_exec ? join : create;
	size_t n = p->is_exec ? ARRAY_SIZE(join) : ARRAY_SIZE(create);

	for (size_t i = 0; i < n; i++)
		if (!plan_find(p, kinds[i]))
			return err_set(e, ERR_SPEC, "plan: has no op \"%s\"", op_name(kinds[i]));
	return 0;
}

static int ns_twice(const struct plan *p, struct err *e)
{
	unsigned seen = plan_find(p, OP_ANET) ? 1u << NS_NETWORK : 0;

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind != OP_NS)
			continue;
		if (op->u.ns.type < 0 || op->u.ns.type >= NS__COUNT || op->u.ns.type == NS_USER)
			return wrong(e, p, op, "is of a type that it cannot have");
		if (seen >> op->u.ns.type & 1)
			return wrong(e, p, op, "is the second to decide on that namespace");
		seen |= 1u << op->u.ns.type;
	}
	return 0;
}

/* Which namespaces are the container's own, as bits. */
static unsigned own_ns(const struct plan *p)
{
	unsigned own = 0;

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind == OP_NS && op->u.ns.action != NS_INHERIT)
			own |= 1u << op->u.ns.type;
		if (op->kind == OP_USERNS && op->u.userns.action != NS_INHERIT)
			own |= 1u << NS_USER;
		if (op->kind == OP_ANET)
			own |= 1u << NS_NETWORK;
	}
	return own;
}

/* An op in a namespace that is the runtime's own would change the host. */
static int needs_ns(const struct plan *p, struct err *e)
{
	unsigned own = own_ns(p);

	for (size_t i = 0; i < p->n_ops; i++)
		if (op_info_of(p->ops[i].kind)->needs_ns & ~own)
			return wrong(e, p, &p->ops[i], "would act on a namespace of the host");
	return 0;
}

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int one_map(const struct plan *p, const struct op *op, const struct plan_idmap *m, size_t n,
		   struct err *e)
{
	if (n == 0 || n > MAX_ID_MAPS)
		return wrong(e, p, op, "maps no ids, or more ranges than the kernel takes");
	for (size_t i = 0; i < n; i++) {
		if (m[i].size == 0 || m[i].size > UINT32_MAX - m[i].ctr ||
		    m[i].size > UINT32_MAX - m[i].host)
			return wrong(e, p, op, "has an id range that is empty or too long");
		for (size_t k = 0; k < i; k++)
			if (overlap(m[i].ctr, m[k].ctr, m[i].size, m[k].size) ||
			    overlap(m[i].host, m[k].host, m[i].size, m[k].size))
				return wrong(e, p, op, "has id ranges that overlap");
	}
	return 0;
}

static int id_maps(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];
		const struct op_mount *m = &op->u.mount;
		const struct op_userns *u = &op->u.userns;

		if (op->kind == OP_MOUNT && m->idmap == MOUNT_IDMAP_MAPS &&
		    (one_map(p, op, m->uid, m->n_uid, e) || one_map(p, op, m->gid, m->n_gid, e)))
			return -1;
		if (op->kind == OP_USERNS && u->action == NS_NEW &&
		    (one_map(p, op, u->uid, u->n_uid, e) || one_map(p, op, u->gid, u->n_gid, e)))
			return -1;
	}
	return 0;
}

static bool is_mapped(const struct op_userns *u, uint32_t uid, uint32_t gid)
{
	uint32_t host;

	return (u->n_uid == 0 || plan_map_id(u->uid, u->n_uid, uid, &host)) &&
	       (u->n_gid == 0 || plan_map_id(u->gid, u->n_gid, gid, &host));
}

static int ids_of(const struct plan *p, const struct op_userns *u, const struct op *op, struct err *e)
{
	const struct op_creds *c = &op->u.creds;

	if (op->kind == OP_DEV && !op->u.dev.bind && !is_mapped(u, op->u.dev.uid, op->u.dev.gid))
		return wrong(e, p, op, "its owner is not mapped in the user namespace");
	if (op->kind != OP_CREDS)
		return 0;
	if (!is_mapped(u, c->uid, c->gid))
		return err_set(e, ERR_SPEC, "process.user: %u:%u is not mapped in the user namespace",
			       c->uid, c->gid);
	for (size_t i = 0; i < c->n_groups; i++)
		if (!is_mapped(u, c->uid, c->groups[i]))
			return err_set(e, ERR_SPEC, "process.user.additionalGids: %u is not mapped in the "
				       "user namespace", c->groups[i]);
	return 0;
}

/* A joined namespace may come without maps: they are known to the kernel alone. */
static int ids_mapped(const struct plan *p, struct err *e)
{
	const struct op *ns = plan_find(p, OP_USERNS);

	for (size_t i = 0; ns && i < p->n_ops; i++)
		if (ids_of(p, &ns->u.userns, &p->ops[i], e))
			return -1;
	return 0;
}

static bool is_host_id_of(const struct plan_idmap *m, size_t n, uint32_t host)
{
	for (size_t i = 0; i < n; i++)
		if (host >= m[i].host && host - m[i].host < m[i].size)
			return true;
	return false;
}

/* The proxy must be nobody that a container can be, and never the host's root. */
static int proxy_uid(const struct plan *p, struct err *e)
{
	const struct op *g = plan_find(p, OP_EGRESS), *ns = plan_find(p, OP_USERNS);

	if (!g)
		return 0;
	/* in a user's own user namespace 0 is he, and may be the only id there is */
	if (g->u.egress.uid == 0 && ns && ns->u.userns.rootless)
		return 0;
	if (g->u.egress.uid == 0)
		return wrong(e, p, g, "no user id is reserved for the proxy");
	if (ns && (is_host_id_of(ns->u.userns.uid, ns->u.userns.n_uid, g->u.egress.uid) ||
		   is_host_id_of(ns->u.userns.gid, ns->u.userns.n_gid, g->u.egress.uid)))
		return wrong(e, p, g, "the proxy's user id is one of the container's");
	return 0;
}

static int proxy_net(const struct plan *p, struct err *e)
{
	const struct op *g = plan_find(p, OP_EGRESS), *a = plan_find(p, OP_ANET);

	if (a && a->u.anet.e == E_PATH && !a->u.anet.e_path_host)
		return wrong(e, p, a, "E comes by path, and there is no path");
	if (!g)
		return a && a->u.anet.proxy_port ? wrong(e, p, a, "listens for a proxy that is not there") :
						   0;
	if (!a || a->u.anet.e == E_NONE)
		return wrong(e, p, g, "has no two network namespaces to join");
	if (g->u.egress.port == 0 || g->u.egress.port != a->u.anet.proxy_port)
		return wrong(e, p, g, "serves another port than the one that listens");
	if (g->u.egress.steered != a->u.anet.steered)
		return wrong(e, p, g, "disagrees with its network about steering");
	if ((a->u.anet.steered == PLAN_STEER_VETH) != (a->u.anet.n_ports > 0) ||
	    a->u.anet.n_ports > EGRESS_LISTEN_MAX)
		return wrong(e, p, a, "has ports to listen on and no namespace for them, or too many");
	return 0;
}

/*
 * A filter and a Landlock domain take no capability only once no_new_privs is set; with them they
 * must come before they go.
 */
static int fence_order(const struct plan *p, struct err *e)
{
	const struct op *creds = plan_find(p, OP_CREDS);

	for (size_t i = 0; creds && i < p->n_ops; i++) {
		bool is_after = &p->ops[i] > creds;

		bool is_fence = p->ops[i].kind == OP_SECCOMP || p->ops[i].kind == OP_LANDLOCK;

		if (is_fence && is_after != creds->u.creds.no_new_privs)
			return wrong(e, p, &p->ops[i], "stands on the wrong side of no_new_privs");
	}
	return 0;
}

static int rlimit_twice(const struct plan *p, struct err *e)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind != OP_RLIMIT || op->u.rlimit.resource < 0 || op->u.rlimit.resource > 63)
			continue;
		if (seen >> op->u.rlimit.resource & 1)
			return wrong(e, p, op, "is the second to set that limit");
		seen |= UINT64_C(1) << op->u.rlimit.resource;
	}
	return 0;
}

/* Ours over the config's: not the other way round. */
static int files_after_mounts(const struct plan *p, struct err *e)
{
	for (size_t i = 1; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_MOUNT && !p->ops[i].u.mount.remount &&
		    p->ops[i - 1].kind == OP_FILE)
			return wrong(e, p, &p->ops[i], "could cover a file of ours");
	return 0;
}

/* Joining a container changes none of its limits. */
static int exec_limits(const struct plan *p, struct err *e)
{
	const struct op *cg = plan_find(p, OP_CGROUP);

	if (p->is_exec && cg && cg->u.cgroup.n_writes + cg->u.cgroup.n_devices)
		return wrong(e, p, cg, "would change the limits of a running container");
	return 0;
}

static int arguments(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (check_op(&p->ops[i], e))
			return err_ctx(e, "plan op %zu (%s, %s)", i, op_name(p->ops[i].kind),
				       p->ops[i].where ? p->ops[i].where : "?");
	return 0;
}

static const struct {
	const char *name;
	int (*check)(const struct plan *p, struct err *e);
} rules[] = {
	{ "check.phases", phases },	      { "check.once", once },
	{ "check.required", required },	      { "check.ns_twice", ns_twice },
	{ "check.needs_ns", needs_ns },	      { "check.id_maps", id_maps },
	{ "check.ids_mapped", ids_mapped },   { "check.proxy_uid", proxy_uid },
	{ "check.proxy_net", proxy_net },     { "check.fence_order", fence_order },
	{ "check.rlimit_twice", rlimit_twice }, { "check.files_after_mounts", files_after_mounts },
	{ "check.exec_limits", exec_limits }, { "check.arguments", arguments },
};

int plan_check(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(p, e))
			return -1;
	return 0;
}
