/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_ns.c - namespaces: never the host's, never another container's; a user namespace always
 *
 * The user namespace is decided first. A container in a user namespace of its own has no right to
 * join a namespace that another one owns (setns(2) needs CAP_SYS_ADMIN there), so only a pod that
 * shares its user namespace can share others.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"
#include "spec/names.h"

/* What the config may leave out but the container must not: the host's would be used. */
static const enum oci_ns_type always[] = { NS_MOUNT, NS_PID, NS_IPC, NS_UTS, NS_CGROUP };

static bool is_shared(const struct tighten_ctx *c, int type)
{
	return c->p->ns_shared >> type & 1;
}

static const char *type_name(int type)
{
	const char *name = name_of(&names_ns, (uint64_t)type);

	return name ? name : "unknown";
}

static bool maps_host_root(const struct oci_idmap *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].host == 0 && m[i].size > 0)
			return true;
	return false;
}

/* The engine's own user namespace, by path or by maps, where it may stay as it is. */
static bool keeps_userns(struct tighten_ctx *c)
{
	const struct oci_linux *l = &c->in->linux_;
	const struct oci_namespace *ns = oci_ns_find(c->in, NS_USER);

	if (!ns)
		return false;
	if (ns->path) {
		const struct fact_ns *at = tighten_fact_ns(c, (size_t)(ns - l->namespaces));

		if (at->is_hosts || !at->is_pods)
			return false;
	} else if (!l->n_uid_mappings || !l->n_gid_mappings) {
		return false;
	}
	/* Inside the engine's own namespace, its 0 is the engine's user and not the host's root. */
	if (c->f->in_initial_userns && (maps_host_root(l->uid_mappings, l->n_uid_mappings) ||
					maps_host_root(l->gid_mappings, l->n_gid_mappings)))
		return false;
	tighten_find(
		c, "userns.private", FIND_PASSED,
		ns->path ? "it belongs to a container of the same pod"
			 : "the config brings its own id maps, and they leave out the host's root",
		"linux.namespaces: user");
	return true;
}

/* What the runtime would have to map and cannot, or NULL. */
static const char *why_no_userns(struct tighten_ctx *c)
{
	const struct fact_root *r = &c->f->root;
	const char *kernel = c->f->kernel ? c->f->kernel : "unknown";

	if (!c->f->kernel_idmap)
		return arena_printf(c->a,
				    "the kernel (%s) cannot idmap a mount here "
				    "(mount_setattr(2) with MOUNT_ATTR_IDMAP, for overlay layers "
				    "from Linux 5.19), so the root's files would belong to nobody",
				    kernel);
	if (c->f->id_size == 0)
		return "no private range of ids is free";
	if (r->no_idmap && !r->problem)
		return arena_printf(c->a, "the root %s cannot belong to it: %s", r->at.given, r->no_idmap);
	return NULL;
}

static int make_userns(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;
	const char *why_not = why_no_userns(c);

	if (why_not && c->p->userns == USERNS_REQUIRE)
		return err_deny(
			e, "userns.private", "a user namespace for the container", why_not,
			c->f->kernel_idmap && c->f->id_size
				? "put the root on ext4, xfs or btrfs, or set \"userns\": "
				  "\"prefer\" in the profile; root in the container is then root on "
				  "the host"
				: "set \"userns\": \"prefer\" in the profile; root in the container is "
				  "then root on the host");
	if (why_not) {
		const struct oci_namespace *ns = oci_ns_find(c->in, NS_USER);

		c->drop_userns = ns && ns->path;
		tighten_find(
			c, "userns.private", FIND_NOTE, why_not,
			"linux.namespaces: no user namespace, root inside is root on the host");
		return 0;
	}
	struct oci_idmap *map = arena_alloc(c->a, 2, sizeof(*map));

	map[0] = map[1] = (struct oci_idmap){ 0, c->f->id_base, c->f->id_size };
	l->uid_mappings = &map[0];
	l->gid_mappings = &map[1];
	l->n_uid_mappings = l->n_gid_mappings = 1;
	c->t->userns_private = c->t->userns_made = true;
	tighten_find(c, "userns.private", oci_ns_find(c->in, NS_USER) ? FIND_REPLACED : FIND_ADDED,
		     "root in the container is nobody on the host",
		     "linux.namespaces: user, container 0 is host %u, %u ids", c->f->id_base,
		     c->f->id_size);
	return 0;
}

static int decide_userns(struct tighten_ctx *c, struct err *e)
{
	bool kept;

	if (c->p->userns == USERNS_AS_SPEC || mutant("userns.private"))
		return 0;
	kept = keeps_userns(c);
	if (!c->f->in_initial_userns)
		return tighten_rootless_userns(c, kept, e);
	return kept ? 0 : make_userns(c, e);
}

static bool may_join(struct tighten_ctx *c, const struct oci_namespace *ns, size_t i)
{
	const struct fact_ns *at = tighten_fact_ns(c, i);

	if (is_shared(c, ns->type) || mutant("ns.private"))
		return true;
	if (!at->is_pods || at->is_hosts || c->t->userns_made)
		return false;
	tighten_find(c, "ns.private", FIND_PASSED, "it belongs to a container of the same pod",
		     "linux.namespaces: %s by path", type_name(ns->type));
	return true;
}

static void push(struct tighten_ctx *c, int type, const char *path)
{
	struct oci_linux *l = &c->s->linux_;

	c->s->has_linux = true;
	*arena_push(c->a, l->namespaces, l->n_namespaces) = (struct oci_namespace){ type, path };
}

static void add_entry(struct tighten_ctx *c, const struct oci_namespace *ns, size_t i)
{
	if (ns->type == NS_USER && c->drop_userns)
		return;
	if (ns->type == NS_USER)
		push(c, NS_USER, c->t->userns_made ? NULL : ns->path);
	else if (ns->type == NS_NETWORK)
		push(c, NS_NETWORK, c->t->net == TIGHT_NET_SPEC ? ns->path : NULL);
	else if (!ns->path || may_join(c, ns, i))
		push(c, ns->type, ns->path);
	else {
		push(c, ns->type, NULL);
		tighten_find(c, "ns.private", FIND_REPLACED,
			     "a namespace of the host or of another container is not joined",
			     "linux.namespaces: %s by path", type_name(ns->type));
	}
}

static void add_missing(struct tighten_ctx *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		if (oci_ns_find(c->s, always[i]) || is_shared(c, always[i]) || mutant("ns.private"))
			continue;
		push(c, always[i], NULL);
		tighten_find(c, "ns.private", FIND_ADDED,
			     "the config leaves it out, and the host's would be used",
			     "linux.namespaces: %s", type_name(always[i]));
	}
	if (c->t->net != TIGHT_NET_SPEC && !oci_ns_find(c->s, NS_NETWORK))
		push(c, NS_NETWORK, NULL);
	if (c->t->userns_made && !oci_ns_find(c->s, NS_USER))
		push(c, NS_USER, NULL);
}

/* A namespace that we made private starts with a copy of the host's name. */
static void name_host(struct tighten_ctx *c)
{
	const struct oci_namespace *was = oci_ns_find(c->in, NS_UTS);
	const struct oci_namespace *is = oci_ns_find(c->s, NS_UTS);

	if (!is || is->path || (was && !was->path) || c->s->hostname)
		return;
	c->s->hostname =
		c->f->id && c->f->id[0] ? arena_printf(c->a, "%.12s", c->f->id) : "agentrt";
	tighten_find(c, "ns.private", FIND_ADDED,
		     "the new uts namespace would show the host's name", "hostname: %s",
		     c->s->hostname);
}

int tighten_ns(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;

	if (decide_userns(c, e))
		return -1;
	if (c->drop_userns)
		l->n_uid_mappings = l->n_gid_mappings = 0;
	l->namespaces = NULL;
	l->n_namespaces = 0;
	for (size_t i = 0; i < c->in->linux_.n_namespaces; i++)
		add_entry(c, &c->in->linux_.namespaces[i], i);
	add_missing(c);
	name_host(c);
	return 0;
}
