/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_rootless.c - what the machine's root has and a user has not: ids for each container
 *
 * Theory of operation. A user has his own id and, where the machine gives him some, a range of
 * subordinate ones. All of it is mapped in the user namespace that the runtime is in, an engine's or
 * its own. No mount can be id-mapped there, so the files of an image have the ids that they have on
 * disk, and each container gets the whole map, one to one, in a user namespace nested in that one:
 * its root has no right over the runtime's namespaces. But it has the ids of the user's other
 * containers, and outside it is the user: what holds one container off another is what they see, not
 * whose files they are. A finding says so.
 *
 * Ids beyond 65536 are mapped into no container: one of them is the proxy's.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "profiles/tighten_ctx.h"

#define MOST_IDS 65536u /* as many as a private range has */

/* A row a row, for the kernel takes none that lies in two of the parent's; cut at MOST_IDS. */
static struct oci_idmap *one_to_one(struct arena *a, const struct oci_idmap *own, size_t n_own,
				    size_t *ret_n)
{
	struct oci_idmap *v = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < n_own; i++) {
		uint32_t first = own[i].ctr;
		uint32_t most = first < MOST_IDS ? MOST_IDS - first : 0;
		uint32_t size = own[i].size < most ? own[i].size : most;

		if (size)
			*arena_push(a, v, *ret_n) = (struct oci_idmap){ first, first, size };
	}
	return v;
}

/* The config's ids are the machine's; here they have other numbers. False: one is not the user's. */
static bool translate(struct arena *a, const struct oci_idmap *own, size_t n_own,
		      struct oci_idmap **maps, size_t n)
{
	struct oci_idmap *v = arena_alloc(a, n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		const struct oci_idmap *m = &(*maps)[i];
		size_t k = 0;

		while (k < n_own && (m->host < own[k].host || m->host - own[k].host >= own[k].size ||
				     own[k].size - (m->host - own[k].host) < m->size))
			k++;
		if (k == n_own)
			return false;
		v[i] = (struct oci_idmap){ m->ctr, own[k].ctr + (m->host - own[k].host), m->size };
	}
	*maps = v;
	return true;
}

static int keep_maps(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;

	if (!c->f->own_userns ||
	    (translate(c->a, c->f->own_uids, c->f->n_own_uids, &l->uid_mappings,
		       l->n_uid_mappings) &&
	     translate(c->a, c->f->own_gids, c->f->n_own_gids, &l->gid_mappings,
		       l->n_gid_mappings)))
		return 0;
	return err_deny(e, "userns.rootless", "linux.uidMappings, linux.gidMappings",
			"they name an id that is not this user's",
			"leave out both, or give the user subordinate ids in /etc/subuid and "
			"/etc/subgid");
}

static bool has_id(const struct oci_idmap *maps, size_t n, uint32_t host)
{
	for (size_t i = 0; i < n; i++)
		if (host >= maps[i].host && host - maps[i].host < maps[i].size)
			return true;
	return false;
}

/* The last of the user's ids, where no container has it; else 0: his own. */
static uint32_t spare_id(const struct tighten_ctx *c)
{
	const struct oci_linux *l = &c->s->linux_;
	const struct oci_idmap *u, *g;

	if (!c->f->n_own_uids || !c->f->n_own_gids || mutant("rootless.spare"))
		return 0;
	u = &c->f->own_uids[c->f->n_own_uids - 1];
	g = &c->f->own_gids[c->f->n_own_gids - 1];

	uint32_t last = u->ctr + u->size - 1;

	if (last != g->ctr + g->size - 1 || last < MOST_IDS ||
	    has_id(l->uid_mappings, l->n_uid_mappings, last) ||
	    has_id(l->gid_mappings, l->n_gid_mappings, last))
		return 0;
	return last;
}

static void explain(struct tighten_ctx *c)
{
	const struct oci_linux *l = &c->s->linux_;
	bool one = l->n_uid_mappings == 1 && l->uid_mappings[0].size == 1;

	tighten_find(c, "userns.rootless", FIND_NOTE,
		     "the runtime is not root: root in the container is the user outside, and all his "
		     "containers have the same ids, so isolation between them is weaker",
		     "linux.namespaces: user, nested in %s",
		     c->f->own_userns ? "one of this runtime's own" : "the engine's");
	if (one)
		tighten_find(c, "userns.rootless", FIND_NOTE,
			     "the user has no subordinate ids (/etc/subuid, /etc/subgid, newuidmap): "
			     "programs that change to another user fail",
			     "linux.uidMappings: a single id");
}

void tighten_rootless_join(struct tighten_ctx *c)
{
	c->t->egress_uid = spare_id(c);
	explain(c);
}

int tighten_rootless_userns(struct tighten_ctx *c, bool kept, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;
	struct tight *t = c->t;

	if (c->f->has_host_root && !mutant("rootless.host_root"))
		return err_deny(e, "userns.rootless", "a user namespace for the container",
				"the one that the runtime is in maps the host's root, and no mount can "
				"be id-mapped there: root in the container would be root outside",
				"map another id to its root");
	if (!kept) {
		l->uid_mappings =
			one_to_one(c->a, c->f->own_uids, c->f->n_own_uids, &l->n_uid_mappings);
		l->gid_mappings =
			one_to_one(c->a, c->f->own_gids, c->f->n_own_gids, &l->n_gid_mappings);
		t->userns_made = true;
	} else if (keep_maps(c, e)) {
		return -1;
	}
	if (!l->n_uid_mappings || !l->n_gid_mappings)
		return err_deny(e, "userns.rootless", "a user namespace for the container",
				"the one that the runtime is in maps no ids", NULL);
	t->egress_uid = spare_id(c);
	explain(c);
	return 0;
}
