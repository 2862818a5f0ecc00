/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_ns.c - namespaces: never the host's, never another container's; a user namespace always
 *
 * The user namespace is decided first. A container in a user namespace of its own has no right to
 * join a namespace that another one owns (setns(2) needs CAP_SYS_ADMIN there), nor to mount sysfs
 * or mqueue of it, so the members of a pod are in the user namespace of its sandbox.
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

/* Accounts of people and services end there: login.defs(5) UID_MAX, and what systemd hands out. */
#define ACCOUNTS_END 65536u

/* Root, an account, or the range of another container of ours: who has its id has its files. */
static bool reaches_others(const struct facts *f, const struct oci_idmap *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t end = (uint64_t)m[i].host + m[i].size;

		if (m[i].size == 0)
			continue;
		if (m[i].host < ACCOUNTS_END ||
		    (m[i].host <= f->id_space_last && f->id_space_first < end))
			return true;
	}
	return false;
}

/* The engine's own user namespace, by path or by maps, where it may stay as it is. */
static bool keeps_userns(struct tighten_ctx *c)
{
	const struct oci_linux *l = &c->in->linux_;
	const struct oci_namespace *ns = oci_ns_find(c->in, NS_USER);

	if (!ns || ns->path || !l->n_uid_mappings || !l->n_gid_mappings)
		return false;
	/* Inside the engine's own namespace, its 0 is the engine's user and not the host's root. */
	if (c->f->in_initial_userns && !mutant("userns.others") &&
	    (reaches_others(c->f, l->uid_mappings, l->n_uid_mappings) ||
	     reaches_others(c->f, l->gid_mappings, l->n_gid_mappings)))
		return false;
	tighten_find(c, "userns.private", FIND_PASSED,
		     "the config brings its own id maps, and they leave out the host's accounts",
		     "linux.namespaces: user");
	return true;
}

static bool joins_userns(const struct tighten_ctx *c)
{
	return c->is_member && c->f->pod.userns_path;
}

/* Whether it is one that we made: then files are mapped to it as they are for the sandbox. */
static bool is_private_range(const struct facts *f)
{
	const struct oci_idmap *u = f->pod.uid_mappings;

	return f->id_size > 0 && f->pod.n_uid_mappings == 1 && u->ctr == 0 &&
	       u->host == f->id_base && u->size == f->id_size;
}

static void join_userns(struct tighten_ctx *c)
{
	struct oci_linux *l = &c->s->linux_;
	const struct fact_pod *pod = &c->f->pod;

	l->uid_mappings = pod->uid_mappings;
	l->gid_mappings = pod->gid_mappings;
	l->n_uid_mappings = pod->n_uid_mappings;
	l->n_gid_mappings = pod->n_gid_mappings;
	c->t->userns_private = is_private_range(c->f);
	c->t->userns_made = true;
	if (!c->f->in_initial_userns)
		tighten_rootless_join(c);
	tighten_find(c, "userns.private", oci_ns_find(c->in, NS_USER) ? FIND_REPLACED : FIND_ADDED,
		     "the containers of a pod are in one user namespace, with one range of ids",
		     "linux.namespaces: user, that of sandbox %s", pod->id);
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
		return arena_printf(c->a, "the root %s cannot belong to it: %s", r->at.given,
				    r->no_idmap);
	return NULL;
}

static int make_userns(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;
	const char *why_not = why_no_userns(c);

	if (why_not && c->p->userns == USERNS_REQUIRE)
		return err_deny(e, "userns.private", "a user namespace for the container", why_not,
				c->f->kernel_idmap && c->f->id_size
					? "put the root on ext4, xfs or btrfs, or set \"userns\": "
					  "\"prefer\" in the profile; root in the container is "
					  "then root on "
					  "the host"
					: "set \"userns\": \"prefer\" in the profile; root in the "
					  "container is "
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
	if (joins_userns(c)) {
		join_userns(c);
		return 0;
	}
	kept = keeps_userns(c);
	if (!c->f->in_initial_userns)
		return tighten_rootless_userns(c, kept, e);
	return kept ? 0 : make_userns(c, e);
}

/* The path to join instead of the config's, NULL: it is not one that the container may join. */
static const char *may_join(struct tighten_ctx *c, const struct oci_namespace *ns, size_t i)
{
	const struct fact_ns *at = tighten_fact_ns(c, i);

	if (is_shared(c, ns->type) || mutant("ns.private"))
		return ns->path;
	if (!c->is_member || !at->is_pods || at->is_hosts)
		return NULL;
	if (c->t->userns_made && !joins_userns(c))
		return NULL;
	tighten_find(c, "ns.private", FIND_PASSED, "it belongs to a container of the same pod",
		     "linux.namespaces: %s by path", type_name(ns->type));
	return at->pod_path;
}

static void push(struct tighten_ctx *c, int type, const char *path)
{
	struct oci_linux *l = &c->s->linux_;

	c->s->has_linux = true;
	*arena_push(c->a, l->namespaces, l->n_namespaces) = (struct oci_namespace){ type, path };
}

static const char *userns_path(const struct tighten_ctx *c, const char *as_config)
{
	return joins_userns(c) ? c->f->pod.userns_path : c->t->userns_made ? NULL : as_config;
}

static const char *net_path(const struct tighten_ctx *c, const char *as_config, size_t i)
{
	return c->t->net == TIGHT_NET_POD    ? tighten_fact_ns(c, i)->pod_path
	       : c->t->net == TIGHT_NET_SPEC ? as_config
					     : NULL;
}

static void add_entry(struct tighten_ctx *c, const struct oci_namespace *ns, size_t i)
{
	const char *join;

	if (ns->type == NS_USER && c->drop_userns)
		return;
	if (ns->type == NS_USER)
		push(c, NS_USER, userns_path(c, ns->path));
	else if (ns->type == NS_NETWORK)
		push(c, NS_NETWORK, net_path(c, ns->path, i));
	else if (!ns->path)
		push(c, ns->type, NULL);
	else if ((join = may_join(c, ns, i)))
		push(c, ns->type, join);
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
		push(c, NS_USER, userns_path(c, NULL));
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
