/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_root.c - the root is a throwaway overlay over layers that show the container's ids */
#include "base/mutant.h"
#include "profiles/tighten_ctx.h"

#define OVERFLOW_ID 65534u /* what is not mapped shows as this */

static int check_overlay(struct tighten_ctx *c, struct err *e)
{
	const struct fact_root *r = &c->f->root;

	if (!c->f->kernel_overlay)
		return err_deny(
			e, "root.overlay", "a throwaway root",
			"the kernel has no overlay file system (CONFIG_OVERLAY_FS)",
			"set root.mode to \"spec\" in the profile; writes then reach the bundle");
	if (r->is_overlay && !r->userxattr && !c->f->in_initial_userns)
		return err_deny(e, "root.overlay",
				tighten_print(c->a, "a throwaway root over %s", r->at.given),
				"its overlay was mounted by the machine's root (trusted.overlay "
				"attributes), so what its layers delete would come back here",
				"use the driver \"vfs\" or \"fuse-overlayfs\" of the engine");
	if (!c->f->in_initial_userns && c->p->root.upper == UPPER_DISK && !c->f->data_dir)
		return err_deny(e, "root.overlay", "a throwaway root",
				"this user has no directory for what the container writes: neither "
				"XDG_DATA_HOME, HOME nor his home in /etc/passwd is known",
				"set XDG_DATA_HOME, or \"upper\": \"tmpfs\" in root of the profile");
	if (r->is_overlay && r->problem)
		return err_deny(
			e, "root.overlay",
			tighten_print(c->a, "a throwaway root over %s", r->at.given), r->problem,
			"set root.mode to \"spec\" in the profile; writes then reach the bundle");
	return 0;
}

/* Without id maps on mounts, files have the ids that they have on disk. */
static int check_owner(struct tighten_ctx *c, struct err *e)
{
	const struct fact_root *r = &c->f->root;

	if (c->p->userns == USERNS_AS_SPEC || r->at.uid != OVERFLOW_ID || !r->at.type ||
	    mutant("root.owner"))
		return 0;
	return err_deny(e, "root.owner", tighten_print(c->a, "the root %s", r->at.given),
			"it belongs to a user who is not mapped, so nothing in it could be written, not "
			"even in a throwaway layer over it",
			"unpack it as the user who runs the container");
}

int tighten_root(struct tighten_ctx *c, struct err *e)
{
	struct tight *t = c->t;

	if (!c->f->in_initial_userns && check_owner(c, e))
		return -1;
	t->root_idmap = t->userns_private;
	if (c->p->root.mode != ROOT_OVERLAY || mutant("root.overlay"))
		return 0;
	if (check_overlay(c, e))
		return -1;
	t->root_overlay = true;
	tighten_find(c, "root.overlay", FIND_REPLACED,
		     "what the container writes is thrown away; the bundle is never written",
		     "root: overlay, upper layer on %s",
		     c->p->root.upper == UPPER_TMPFS ? "tmpfs" : "disk");
	return 0;
}
