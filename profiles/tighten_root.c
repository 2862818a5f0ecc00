/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_root.c - the root is a throwaway overlay over layers that show the container's ids */
#include "base/mutant.h"
#include "profiles/tighten_ctx.h"

static int check_overlay(struct tighten_ctx *c, struct err *e)
{
	const struct fact_root *r = &c->f->root;

	if (!c->f->kernel_overlay)
		return err_deny(
			e, "root.overlay", "a throwaway root",
			"the kernel has no overlay file system (CONFIG_OVERLAY_FS)",
			"set root.mode to \"spec\" in the profile; writes then reach the bundle");
	if (r->is_overlay && r->problem)
		return err_deny(
			e, "root.overlay",
			tighten_print(c->a, "a throwaway root over %s", r->at.given), r->problem,
			"set root.mode to \"spec\" in the profile; writes then reach the bundle");
	return 0;
}

int tighten_root(struct tighten_ctx *c, struct err *e)
{
	struct tight *t = c->t;

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
