/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_ns.c - the namespaces other than the two network namespaces of an agent
 *
 * Order: joins first (they need the runtime's privileges over namespaces of others), then new ones,
 * the cgroup namespace last, because it shows as its root the cgroup that its maker is in, and that
 * must be the container's. What is inherited is an op too: explain shows what is shared.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

static const struct fact_ns *fact_of(const struct build *b, const char *path)
{
	for (size_t i = 0; i < b->f->n_ns; i++)
		if (b->f->ns[i].path && streq(b->f->ns[i].path, path))
			return &b->f->ns[i];
	return NULL;
}

/* What stands in the narrowed config instead of the engine's path: a namespace of the pod. */
static bool is_pods(const struct build *b, enum oci_ns_type type, const char *path, uint64_t *ret_ino)
{
	const struct fact_pod *pod = &b->f->pod;

	if (!pod->id)
		return false;
	if (type == NS_USER && pod->userns_path && streq(pod->userns_path, path)) {
		*ret_ino = pod->userns_ino;
		return true;
	}
	for (size_t i = 0; i < b->f->n_ns; i++) {
		const struct fact_ns *f = &b->f->ns[i];

		if (!f->is_pods || f->type != (int)type || !f->pod_path || !streq(f->pod_path, path))
			continue;
		*ret_ino = f->pod_ino;
		return true;
	}
	return false;
}

/* Joining another kind by mistake isolates nothing. */
int p_ns_path(const struct build *b, enum oci_ns_type type, const char *path, uint64_t *ret_ino,
	      struct err *e)
{
	const char *name = plan_ns_name(type);
	const struct fact_ns *f = fact_of(b, path);

	if (is_pods(b, type, path, ret_ino))
		return 0;
	if (path[0] != '/')
		return err_set(e, ERR_SPEC, "linux.namespaces: %s namespace path %s is not absolute", name,
			       path);
	if (!f || f->ino == 0)
		return err_set(e, ERR_SPEC, "linux.namespaces: %s namespace path %s does not exist", name,
			       path);
	if (f->type != (int)type && !mutant("ns.type"))
		return err_set(e, ERR_SPEC, "linux.namespaces: %s is not a %s namespace", path, name);
	*ret_ino = f->ino;
	return 0;
}

static int userns(struct build *b, struct err *e)
{
	const struct oci_namespace *ns = oci_ns_find(b->s, NS_USER);
	const struct oci_linux *l = &b->s->linux_;
	struct op_userns u = { .action = NS_NEW, .n_uid = l->n_uid_mappings, .n_gid = l->n_gid_mappings };

	if (!ns)
		return 0;
	u.uid = plan_idmaps(b->a, l->uid_mappings, l->n_uid_mappings);
	u.gid = plan_idmaps(b->a, l->gid_mappings, l->n_gid_mappings);
	if (ns->path) {
		u.action = NS_JOIN;
		u.path_host = ns->path;
		if (p_ns_path(b, NS_USER, ns->path, &u.ino, e))
			return -1;
	} else if (u.n_uid == 0 || u.n_gid == 0) {
		return err_set(e, ERR_SPEC, "linux.uidMappings, linux.gidMappings: a new user namespace "
			       "needs both");
	}
	p_rootless_maps(b, &u);
	u.rootless = !b->f->in_initial_userns;
	u.nproc = u.action == NS_NEW ? b->t->nproc : 0;
	struct op *op = plan_add(b->p, OP_USERNS, "linux.namespaces",
				 b->t->userns_private ? "userns.private" :
				 b->t->userns_made    ? "userns.rootless" : "oci");

	if (u.action == NS_JOIN && b->f->pod.id)
		op->note = "that of the pod";
	else if (b->t->userns_private)
		op->note = "a private id range of this container";
	else if (b->t->userns_made)
		op->note = "nested, one to one: the ids are those of the user who runs it";
	op->u.userns = u;
	return 0;
}

static void time_offsets(struct build *b, struct op_ns *n)
{
	const struct oci_linux *l = &b->s->linux_;

	for (size_t i = 0; i < l->n_time_offsets; i++) {
		const struct oci_time_offset *t = &l->time_offsets[i];

		*arena_push(b->a, n->offsets, n->n_offsets) =
			(struct plan_time_offset){ t->clock, t->secs, t->nanosecs };
	}
}

static int add(struct build *b, enum oci_ns_type type, enum ns_action action, struct err *e)
{
	const struct oci_namespace *ns = oci_ns_find(b->s, type);
	struct op_ns n = { .type = type, .action = action, .path_host = ns ? ns->path : NULL };

	if (action == NS_JOIN && p_ns_path(b, type, ns->path, &n.ino, e))
		return -1;
	if (type == NS_TIME && action == NS_NEW)
		time_offsets(b, &n);
	struct op *op = plan_add(b->p, OP_NS, "linux.namespaces",
				 build_rule(b, "linux.namespaces", plan_ns_name(type)));

	if (action == NS_INHERIT)
		op->note = "shared with the host";
	op->u.ns = n;
	return 0;
}

static enum ns_action action_of(const struct build *b, enum oci_ns_type type)
{
	const struct oci_namespace *ns = oci_ns_find(b->s, type);

	if (!ns)
		return NS_INHERIT;
	return ns->path ? NS_JOIN : NS_NEW;
}

/*
 * Without a mount namespace of its own the container's mounts would be the host's; joining one
 * would mean mounting into somebody else's. Neither is offered by any engine.
 */
static int check_mount_ns(const struct build *b, struct err *e)
{
	switch (action_of(b, NS_MOUNT)) {
	case NS_NEW:
		return 0;
	case NS_JOIN:
		return err_set(e, ERR_UNSUPPORTED, "linux.namespaces: joining a mount namespace by path is "
			       "not supported: the container's mounts would be made in it");
	case NS_INHERIT:
		break;
	}
	return err_set(e, ERR_UNSUPPORTED, "linux.namespaces: a container without a mount namespace is "
		       "not supported: its mounts would be the host's");
}

int p_ns(struct build *b, struct err *e)
{
	static const enum oci_ns_type order[] = { NS_MOUNT, NS_UTS,  NS_IPC,   NS_PID,
						  NS_NETWORK, NS_TIME, NS_CGROUP };
	static const enum ns_action actions[] = { NS_JOIN, NS_NEW, NS_INHERIT };

	if (check_mount_ns(b, e) || userns(b, e))
		return -1;
	for (size_t a = 0; a < ARRAY_SIZE(actions); a++) {
		for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
			if (order[i] == NS_NETWORK && build_has_anet(b))
				continue; /* OP_ANET says it all */
			if (action_of(b, order[i]) == actions[a] && add(b, order[i], actions[a], e))
				return -1;
		}
	}
	return 0;
}
