/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_rootless.c - what a runtime without rights over this host's mounts does differently
 *
 * An ordinary user has every right in a user namespace of his own, and none outside: so the mounts
 * that come from the host are cloned by a helper inside the container's user namespace, ids are
 * mapped for nothing but that namespace, and what takes a right of the host is refused by name, or
 * left out where leaving it out takes nothing from the container (`explain` shows which).
 */
#include "plan/p.h"

/* What the operation needs of the host, or NULL. */
static const char *out_of_reach(const struct op *op)
{
	if (op->kind == OP_MOUNT && op->u.mount.idmap != MOUNT_IDMAP_NONE)
		return "an id-mapped mount";
	if (op->kind == OP_ROOT && op->u.root.idmap)
		return "an id-mapped root";
	/* Its offsets are written by a process outside of it that has CAP_SYS_TIME there. */
	if (op->kind == OP_NS && op->u.ns.type == NS_TIME && op->u.ns.action == NS_NEW)
		return "a new time namespace";
	return NULL;
}

/*
 * setgroups must be off before a process without CAP_SETGID over the parent may write a gid map;
 * several ids then need the setuid helpers newuidmap(1) and newgidmap(1).
 */
void p_rootless_maps(const struct build *b, struct op_userns *u)
{
	bool plain = u->n_uid == 1 && u->n_gid == 1 && u->uid[0].size == 1 && u->gid[0].size == 1;

	if (b->f->euid == 0 || !u->n_uid || !u->n_gid)
		return;
	u->deny_setgroups = plain;
	u->newidmap = !plain && u->action == NS_NEW;
}

static void soften(struct op *op)
{
	if (op->kind == OP_USERNS) {
		op->u.userns.mounts_inside = true;
		op->note = "rootless: mounts of the host are cloned inside it";
	} else if (op->kind == OP_OOM) {
		op->on_fail = FAIL_IGNORE;
		op->note = "rootless: raised if the kernel permits, never lowered";
	}
}

int p_rootless(struct build *b, struct err *e)
{
	if (!b->f->no_mount_rights)
		return 0;
	if (!plan_find(b->p, OP_USERNS))
		return err_set(e, ERR_UNSUPPORTED, "linux.namespaces: without root (this is uid %u) a user "
			       "namespace is needed: add {\"type\": \"user\"} and id mappings "
			       "(agentrt spec --rootless shows how)", b->f->euid);
	for (size_t i = 0; i < b->p->n_ops; i++) {
		const char *what = out_of_reach(&b->p->ops[i]);

		if (what)
			return err_set(e, ERR_UNSUPPORTED, "%s: %s is not possible without root (this is "
				       "uid %u)", b->p->ops[i].where, what, b->f->euid);
		soften(&b->p->ops[i]);
	}
	return 0;
}
