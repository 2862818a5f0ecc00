/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_owner.c - whose ids the files of a bind mount have
 *
 *   source                        what happens
 *   ------                        ------------
 *   the container's own ids       as it is
 *   owned by user and group != 0  idmapped: the owner is the container's process and no one else
 *                                 is mapped, so what is written belongs to the owner
 *   the same, cannot be idmapped  read-only: as it is; else refused
 *   owned by the host's root      read-only, as it is: host uid 0 is never written as
 *   the same, rootProjectsAs      idmapped: the container's process is that user of the host, with
 *                                 no more rights over the directory than he has
 *   copy-on-write, any owner      idmapped likewise; nothing of it is ever written
 *   no user namespace             read-only: what root inside wrote would be the host root's
 *
 * Without root no mount can be id-mapped, and the container has the ids that the user has, one to
 * one, so that what it writes belongs to him or to his subordinate ids in any case:
 *
 *   owned by one of the user's ids  as it is
 *   owned by somebody else          read-only, as it is
 *   copy-on-write, any owner        as it is; nothing of it is ever written
 */
#include "base/mutant.h"
#include "base/str.h"
#include "profiles/tighten_ctx.h"

#define OVERFLOW_ID 65534u

static bool asks_readonly(const struct oci_mount *m)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], "ro") || streq(m->options[i], "rro"))
			return true;
	return false;
}

static bool is_host_id_mapped(const struct oci_idmap *maps, size_t n, uint32_t host)
{
	for (size_t i = 0; i < n; i++)
		if (host >= maps[i].host && host - maps[i].host < maps[i].size)
			return true;
	return false;
}

static bool is_containers_own(const struct tighten_ctx *c, const struct fact_path *at)
{
	const struct oci_linux *l = &c->s->linux_;

	return tighten_has_userns(c) &&
	       is_host_id_mapped(l->uid_mappings, l->n_uid_mappings, at->uid) &&
	       is_host_id_mapped(l->gid_mappings, l->n_gid_mappings, at->gid);
}

static int only_readonly(struct tighten_ctx *c, const struct mount_try *m, const char *why,
			 struct tight_mount *ret)
{
	ret->idmap = IDMAP_NONE;
	ret->rule = "mount.owner";
	if (mutant("mount.owner"))
		return 0;
	ret->force_readonly = true;
	if (!asks_readonly(m->m))
		tighten_find(c, "mount.owner", FIND_REPLACED, why, "%s: read-only", m->what);
	return 0;
}

static void set_owner(struct tighten_ctx *c, uint32_t uid, uint32_t gid, struct tight_mount *ret)
{
	ret->idmap = IDMAP_OWNER;
	ret->rule = "mount.owner";
	ret->owner_uid = uid;
	ret->owner_gid = gid;
	ret->ctr_uid = c->proc ? c->proc->user.uid : 0;
	ret->ctr_gid = c->proc ? c->proc->user.gid : 0;
}

static int map_owner(struct tighten_ctx *c, const struct mount_try *m, struct tight_mount *ret)
{
	const struct fact_path *at = m->at;

	set_owner(c, at->uid, at->gid, ret);
	tighten_find(c, "mount.owner", FIND_REPLACED,
		     "what the container writes there belongs to the directory's owner; another user "
		     "inside can make no file there (EOVERFLOW)",
		     "%s: host ids %u:%u are the container's %u:%u", m->what, at->uid, at->gid,
		     ret->ctr_uid, ret->ctr_gid);
	return 0;
}

static int map_roots(struct tighten_ctx *c, const struct mount_try *m, struct tight_mount *ret)
{
	uint32_t uid = c->p->mounts.root_as_uid, gid = c->p->mounts.root_as_gid;

	set_owner(c, uid, gid, ret);
	tighten_find(c, "mount.owner", FIND_REPLACED,
		     "mounts.rootProjectsAs of the profile names them: it belongs to the host's root, and "
		     "the container may there what that user may",
		     "%s: host ids %u:%u are the container's %u:%u", m->what, uid, gid, ret->ctr_uid,
		     ret->ctr_gid);
	return 0;
}

static void find_cow(struct tighten_ctx *c, const struct mount_try *m)
{
	tighten_find(c, "mount.cow", FIND_REPLACED,
		     "what the container writes there is kept apart and ends with it; the host's "
		     "files stay as they are",
		     "%s: copy-on-write", m->what);
}

static bool is_users(const struct tighten_ctx *c, const struct fact_path *at)
{
	const struct oci_linux *l = &c->s->linux_;

	/* in a user namespace, an id that is not mapped shows as this one */
	return at->uid != OVERFLOW_ID &&
	       is_host_id_mapped(l->uid_mappings, l->n_uid_mappings, at->uid);
}

/* What the owner is called inside; programs of another id may be denied. */
static void name_owner(struct tighten_ctx *c, const struct mount_try *m)
{
	const struct oci_linux *l = &c->s->linux_;
	uint32_t uid = c->proc ? c->proc->user.uid : 0, host;

	if (uid == 0 || (tighten_host_id(l->uid_mappings, l->n_uid_mappings, uid, &host) &&
			 host == m->at->uid))
		return;
	tighten_find(c, "mount.owner", FIND_NOTE,
		     "its owner is another id than the program's; with rootless Podman, --userns "
		     "keep-id makes them one",
		     "%s: owned by another user", m->what);
}

static int rootless_owner(struct tighten_ctx *c, const struct mount_try *m,
			  struct tight_mount *ret)
{
	ret->idmap = IDMAP_NONE;
	ret->rule = "mount.owner";
	if (ret->cow) {
		ret->rule = "mount.cow";
		find_cow(c, m);
		return 0;
	}
	if (is_users(c, m->at)) {
		name_owner(c, m);
		return 0;
	}
	return only_readonly(c, m, "it belongs to another user than the one who runs the container",
			     ret);
}

static int map_cow(struct tighten_ctx *c, const struct mount_try *m, struct tight_mount *ret,
		   struct err *e)
{
	if (!m->at->can_idmap)
		return err_deny(e, "mount.cow", m->what,
				tighten_print(c->a,
					      "mounts.projects is \"cow\", and its file system (%s) "
					      "cannot be idmapped by this kernel",
					      m->at->fstype ? m->at->fstype : "unknown"),
				"mount it read-only, or keep it on ext4, xfs or btrfs");
	set_owner(c, m->at->uid, m->at->gid, ret);
	ret->rule = "mount.cow";
	find_cow(c, m);
	return 0;
}

int tighten_owner(struct tighten_ctx *c, const struct mount_try *m, struct tight_mount *ret,
		  struct err *e)
{
	const struct fact_path *at = m->at;

	if (!tighten_has_userns(c)) {
		ret->cow = false;
		return only_readonly(c, m,
				     "the container has no user namespace, so what its root "
				     "writes would belong to the host's root",
				     ret);
	}
	if (!c->f->in_initial_userns)
		return rootless_owner(c, m, ret);
	if (is_containers_own(c, at) && !ret->cow) {
		ret->idmap = IDMAP_NONE;
		ret->rule = "mount.owner";
		return 0;
	}
	if (ret->cow)
		return map_cow(c, m, ret, e);
	if ((at->uid == 0 || at->gid == 0) && c->p->mounts.root_as_uid && at->can_idmap)
		return map_roots(c, m, ret);
	if (at->uid == 0 || at->gid == 0)
		return only_readonly(c, m,
				     "it belongs to the host's root, who is never the owner of "
				     "what a container writes",
				     ret);
	if (at->can_idmap)
		return map_owner(c, m, ret);
	if (asks_readonly(m->m))
		return only_readonly(c, m, "", ret);
	return err_deny(e, "mount.owner", m->what,
			tighten_print(c->a,
				      "its file system (%s) cannot be idmapped by this kernel, so "
				      "nothing could be written as its owner",
				      at->fstype ? at->fstype : "unknown"),
			"mount it read-only, or keep it on ext4, xfs or btrfs");
}
