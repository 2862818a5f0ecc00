/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_source.c - what may be the source of a bind mount
 *
 * A place is recognised as an object (superblock and path in it), so a symlink, a bind mount of a
 * bind mount and a renamed parent lead to the same answer; and by its resolved path, because a
 * source also shows what is mounted below it.
 *
 * A rule of a table is switched off by its own name: mutant("mount.socket"),
 * mutant("mount.device"), mutant("mount.agentrt"), mutant("mount.engine"), mutant("mount.system"),
 * mutant("mount.tree").
 *
 * The root is a source, too: podman run --rootfs and ctr run --rootfs name any directory.
 */
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/sources.h"
#include "profiles/tighten_ctx.h"

static const struct {
	char type;
	const char *rule, *why;
} types[] = {
	{ 's', "mount.socket",
	  "the source is a socket: whoever listens on it would act for the container" },
	{ 'p', "mount.socket", "the source is a named pipe to a process of the host" },
	{ 'b', "mount.device", "the source is a block device" },
	{ 'c', "mount.device", "the source is a character device" },
};

static int refuse(struct tighten_ctx *c, const struct mount_try *m, const char *rule,
		  const char *why, struct err *e)
{
	const char *path = m->at->realpath;

	return err_deny(e, rule, m->what, why,
			tighten_print(c->a, "add \"%s\" to mounts.allow of the profile", path));
}

static bool is_same_fs(const struct fact_path *a, const struct fact_path *b)
{
	return a->fs_path && b->fs_path && a->fs_dev == b->fs_dev;
}

static bool is_within(const struct fact_path *a, const struct fact_path *b)
{
	if (a->realpath && b->realpath && path_is_within(a->realpath, b->realpath))
		return true;
	return is_same_fs(a, b) && path_is_within(a->fs_path, b->fs_path);
}

static bool is_same(const struct fact_path *a, const struct fact_path *b)
{
	if (a->realpath && b->realpath && streq(a->realpath, b->realpath))
		return true;
	return is_same_fs(a, b) && streq(a->fs_path, b->fs_path);
}

/* Whether @rule is one that an administrator's entry for a parent directory lifts. */
static bool is_about_trees(const char *rule)
{
	return streq(rule, "mount.tree") || streq(rule, "mount.system");
}

/* A place itself says best why it is refused; that it contains another is the last reason. */
enum relation { IS_IN, CONTAINS };

static const char *relation_text(struct tighten_ctx *c, const struct fact_path *at,
				 const struct fact_path *guard, const char *is)
{
	if (is_same(at, guard))
		return tighten_print(c->a, "it %s", is);
	if (is_within(at, guard))
		return tighten_print(c->a, "it lies below %s, which %s", guard->given, is);
	return tighten_print(c->a, "it contains %s, which %s", guard->given, is);
}

static bool has_relation(const struct fact_path *at, const struct fact_guard *g, enum relation rel)
{
	if (mutant(g->rule))
		return false;
	if (rel == CONTAINS)
		return is_within(&g->at, at);
	return sources_rule(g->rule)->scope == SCOPE_BELOW ? is_within(at, &g->at)
							   : is_same(at, &g->at);
}

/* What a pod's author should know, who sees no path of the node. */
static const struct {
	const char *part, *why;
} kubelets[] = {
	{ "/volumes/kubernetes.io~secret/",
	  "it is a Secret volume of the kubelet's: credentials, which no agent gets" },
	{ "/volume-subpaths/",
	  "it is a subPath, which the kubelet mounts from elsewhere: mount the whole volume instead" },
};

static const char *kubelet_why(const struct mount_try *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(kubelets); i++)
		if (m->at->realpath && strstr(m->at->realpath, kubelets[i].part))
			return kubelets[i].why;
	return NULL;
}

static int screen_guards(struct tighten_ctx *c, const struct mount_try *m, enum relation rel,
			 bool lifted, struct err *e)
{
	bool public = sources_is_public(m->at->realpath);

	for (size_t i = 0; i < c->f->n_guards; i++) {
		const struct fact_guard *g = &c->f->guards[i];

		if (is_about_trees(g->rule) && (lifted || public))
			continue;
		if (!has_relation(m->at, g, rel))
			continue;
		const char *why = streq(g->rule, "mount.engine") ? kubelet_why(m) : NULL;

		return refuse(c, m, g->rule,
			      why ? why : relation_text(c, m->at, &g->at, sources_rule(g->rule)->is), e);
	}
	return 0;
}

/* What the guards cannot know: the roots of this container's engine, and where uppers live. */
static int screen_roots(struct tighten_ctx *c, const struct mount_try *m, enum relation rel,
			struct err *e)
{
	const char *own_roots[] = { c->p->root.dir, c->f->data_dir, NULL };
	const struct {
		const char *rule;
		const char *const *roots;
	} rows[] = {
		{ "mount.agentrt", own_roots },
		{ "mount.engine", tighten_engine_roots(c) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; rows[i].roots[k] && !mutant(rows[i].rule); k++) {
			const char *root = rows[i].roots[k];
			struct fact_path at = { .given = root, .realpath = root };

			if (rel == CONTAINS ? is_within(&at, m->at) : is_within(m->at, &at))
				return refuse(c, m, rows[i].rule,
					      relation_text(c, m->at, &at,
							    sources_rule(rows[i].rule)->is),
					      e);
		}
	}
	return 0;
}

enum allowance tighten_allowance(const struct tighten_ctx *c, const struct fact_path *at)
{
	enum allowance best = ALLOW_NOTHING;

	for (size_t i = 0; at->realpath && i < c->p->mounts.n_allow; i++) {
		const char *allow = c->p->mounts.allow[i];

		if (streq(at->realpath, allow))
			return ALLOW_EXACT;
		if (path_is_within(at->realpath, allow))
			best = ALLOW_BELOW;
	}
	return best;
}

bool tighten_object_is_guarded(const struct tighten_ctx *c, const struct fact_path *at)
{
	struct fact_path object = *at;

	object.realpath = NULL;
	if (at->fstype && sources_is_kernel_fs(at->fstype))
		return true;
	for (size_t i = 0; i < c->f->n_guards; i++)
		if (has_relation(&object, &c->f->guards[i], IS_IN) ||
		    has_relation(&object, &c->f->guards[i], CONTAINS))
			return true;
	return false;
}

int tighten_source(struct tighten_ctx *c, const struct mount_try *m, bool lifted, struct err *e)
{
	const struct fact_path *at = m->at;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (at->type == types[i].type && !mutant(types[i].rule))
			return refuse(c, m, types[i].rule, types[i].why, e);
	if (at->fstype && sources_is_kernel_fs(at->fstype) && !mutant("mount.kernel"))
		return refuse(c, m, "mount.kernel",
			      tighten_print(c->a,
					    "the source lies on %s, which shows the state of the "
					    "host's kernel",
					    at->fstype),
			      e);

	const char *name = sources_credential_name(at->realpath);

	if (name && !mutant("mount.credentials"))
		return refuse(
			c, m, "mount.credentials",
			arena_printf(c->a, "\"%s\" in the path is a name for credentials", name),
			e);
	for (enum relation rel = IS_IN; rel <= CONTAINS; rel++)
		if (screen_guards(c, m, rel, lifted, e) || screen_roots(c, m, rel, e))
			return -1;
	return 0;
}

/* ---- the root ---- */

/* Directories of engine roots that hold the roots of containers and their layers. */
static const char *const root_stores[] = {
	"overlay2", "overlay", "vfs", "btrfs", "zfs", "aufs", "devicemapper", "fuse-overlayfs",
	"rootfs", "io.containerd.snapshotter.v1.overlayfs", "io.containerd.snapshotter.v1.native",
	"io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
	"io.containerd.runtime.v1.linux", "io.containerd.runtime.v2.task",
};

static bool is_in_root_store(struct tighten_ctx *c, const struct fact_path *at)
{
	const char **roots = tighten_engine_roots(c);

	for (size_t i = 0; roots[i]; i++)
		for (size_t k = 0; k < ARRAY_SIZE(root_stores); k++) {
			const char *store = path_join(c->a, roots[i], root_stores[k]);

			if (path_is_within(at->realpath, store) && !streq(at->realpath, store))
				return true;
		}
	return false;
}

static bool root_is(const struct fact_path *at, const struct fact_guard *g, enum relation rel)
{
	if (rel == CONTAINS)
		return is_within(&g->at, at);
	return sources_rule(g->rule)->scope == SCOPE_BELOW ? is_within(at, &g->at)
							   : is_same(at, &g->at);
}

/* The guard that says best why not, or NULL. */
static const struct fact_guard *root_guard(const struct tighten_ctx *c, const struct fact_path *at)
{
	for (enum relation rel = IS_IN; rel <= CONTAINS; rel++)
		for (size_t i = 0; i < c->f->n_guards; i++)
			if (root_is(at, &c->f->guards[i], rel))
				return &c->f->guards[i];
	return NULL;
}

static int screen_root(struct tighten_ctx *c, const struct fact_path *at, struct err *e)
{
	const struct mount_try m = { .at = at,
				     .what = tighten_print(c->a, "root.path %s",
							   c->f->root.at.realpath) };

	if (tighten_allowance(c, at) == ALLOW_EXACT || is_in_root_store(c, at))
		return 0;

	const struct fact_guard *g = root_guard(c, at);

	return g ? refuse(c, &m, "root.source",
			  relation_text(c, at, &g->at, sources_rule(g->rule)->is), e)
		 : 0;
}

int tighten_root_source(struct tighten_ctx *c, struct err *e)
{
	const struct fact_root *r = &c->f->root;

	if (!c->p->mounts.screen || !r->at.realpath || mutant("root.source"))
		return 0;
	if (screen_root(c, &r->at, e))
		return -1;
	/* an overlay shows what its layers hold: podman run --rootfs /:O */
	for (size_t i = 0; r->is_overlay && i < r->n_lower + 1; i++) {
		const char *layer = i < r->n_lower ? r->lower[i] : r->upper;

		if (layer && screen_root(c, &(struct fact_path){ .given = layer, .realpath = layer }, e))
			return -1;
	}
	return 0;
}
