/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_root.c - what the container's root directory is made of
 *
 * Either the given directory itself, or a disposable overlay over it. An overlay cannot be
 * idmapped, and the kernel stacks two levels only: where the given directory is the root of an
 * engine's overlay, the new one is built from that overlay's layers, its upper directory on top of
 * them and read-only like them.
 */
#include "base/path.h"
#include "plan/p.h"

static const char *state_root_tag(struct build *b)
{
	uint32_t h = 2166136261u; /* FNV-1a: no secret, only a short name for a path */

	for (const char *s = b->o->state_root ? b->o->state_root : ""; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return arena_printf(b->a, "%08x", h);
}

/* A container's id is unique below one --root only, uppers are shared by all: hence the tag. */
static int upper_dir(struct build *b, struct op_root *r, struct err *e)
{
	const char *dir = b->f->data_dir ? b->f->data_dir : b->t->profile->root.dir;

	if (!dir || dir[0] != '/')
		return err_set(e, ERR_INPUT, "profile %s: root.dir must be an absolute path: a disposable "
			       "root needs a place for its changes", b->t->profile->name);
	r->upper_dir_host = path_join(b->a, dir,
				      arena_printf(b->a, "%s.%s", b->o->id, state_root_tag(b)));
	return 0;
}

/* A tmpfs larger than the memory limit ends in an OOM kill, not in ENOSPC. */
static uint64_t tmpfs_size(const struct build *b)
{
	const struct oci_resources *res = b->s->linux_.resources;
	uint64_t want = b->t->profile->root.size_bytes;

	if (!res || !res->mem_limit.set || res->mem_limit.v <= 0)
		return want;
	uint64_t half = (uint64_t)res->mem_limit.v / 2;

	return want == 0 || want > half ? half : want;
}

static void engine_layers(struct build *b, struct op_root *r)
{
	const struct fact_root *f = &b->f->root;

	if (f->upper)
		*arena_push(b->a, r->lower_host, r->n_lower) = f->upper;
	for (size_t i = 0; i < f->n_lower; i++)
		*arena_push(b->a, r->lower_host, r->n_lower) = f->lower[i];
	r->userxattr = f->userxattr;
	r->metacopy = f->metacopy;
}

/* "follow" reads the redirects of the engine's layers and makes none; the kernel takes metacopy
 * with "on" only. */
static const char *redirect_dir(const struct fact_root *f)
{
	if (f->metacopy)
		return "on";
	if (f->redirect_dir && (streq(f->redirect_dir, "on") || streq(f->redirect_dir, "follow")))
		return "follow";
	return "nofollow";
}

static int overlay(struct build *b, struct op_root *r, struct err *e)
{
	const struct fact_root *f = &b->f->root;

	if (f->problem)
		return err_set(e, ERR_UNSUPPORTED, "root.path %s: a disposable root cannot be made over "
			       "it: %s", r->root_host, f->problem);
	r->overlay = true;
	r->redirect_dir = redirect_dir(f);
	if (f->is_overlay)
		engine_layers(b, r);
	else
		*arena_push(b->a, r->lower_host, r->n_lower) = r->root_host;
	r->upper_tmpfs = b->t->profile->root.upper == UPPER_TMPFS;
	if (r->upper_tmpfs)
		r->tmpfs_size_bytes = tmpfs_size(b);
	return upper_dir(b, r, e);
}

static int idmap(struct build *b, struct op_root *r, struct err *e)
{
	const struct fact_root *f = &b->f->root;

	if (!b->f->kernel_idmap)
		return err_set(e, ERR_UNSUPPORTED, "root.path %s: this kernel (%s) cannot map the ids of a "
			       "mount, which a user namespace over this root needs; Linux 5.19 can",
			       r->root_host, b->f->kernel ? b->f->kernel : "unknown");
	if (!f->is_overlay && !f->at.can_idmap)
		return err_set(e, ERR_UNSUPPORTED, "root.path %s: its file system (%s) cannot map the ids "
			       "of a mount, which a user namespace over this root needs", r->root_host,
			       f->at.fstype ? f->at.fstype : "unknown");
	r->idmap = true;
	return 0;
}

static bool has_cow(const struct build *b)
{
	for (size_t i = 0; i < b->s->n_mounts; i++)
		if (b->t->mounts[i].cow)
			return true;
	return false;
}

int p_root(struct build *b, struct err *e)
{
	const struct fact_path *at = &b->f->root.at;
	/* an overlay that is mounted in a user namespace may use no other attributes */
	struct op_root r = { .dev = at->dev, .ino = at->ino, .no_pivot = b->o->no_pivot,
			     .userxattr = !b->f->in_initial_userns };

	if (!b->s->root || !b->s->root->path)
		return err_set(e, ERR_SPEC, "root.path: absent");
	r.root_host = at->realpath ? at->realpath :
				     path_join(b->a, b->o->bundle_host, b->s->root->path);
	if (at->type != 'd')
		return err_set(e, ERR_SPEC, "root.path %s: %s", r.root_host,
			       at->type ? "not a directory" : "does not exist");
	if (b->t->root_overlay && overlay(b, &r, e))
		return -1;
	if (!b->t->root_overlay && has_cow(b) && upper_dir(b, &r, e))
		return -1;
	if (!b->t->root_overlay)
		*arena_push(b->a, r.lower_host, r.n_lower) = r.root_host;
	if (b->t->root_idmap && idmap(b, &r, e))
		return -1;

	struct op *op = plan_add(b->p, OP_ROOT, "root", b->t->root_overlay ? "root.overlay" : "oci");

	op->u.root = r;
	return 0;
}
