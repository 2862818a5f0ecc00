/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_source.c - what may be the source of a bind mount
 *
 * A place is recognised as an object (superblock and path in it), so a symlink, a bind mount of a
 * bind mount and a renamed parent lead to the same answer; and by its resolved path, because a
 * source also shows what is mounted below it.
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
	{ 's', "mount.socket", "the source is a socket: whoever listens on it would act for the container" },
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
	return a->fs_dev == b->fs_dev && a->fs_path && b->fs_path;
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

static bool guard_applies(const struct fact_path *at, const struct fact_guard *g)
{
	const struct source_rule *r = sources_rule(g->rule);

	if (mutant(g->rule))
		return false;
	if (is_same(at, &g->at) || is_within(&g->at, at))
		return true;
	return r->scope == SCOPE_BELOW && is_within(at, &g->at);
}

static int screen_guards(struct tighten_ctx *c, const struct mount_try *m, bool lifted,
			 struct err *e)
{
	bool public = sources_is_public(m->at->realpath);

	for (size_t i = 0; i < c->f->n_guards; i++) {
		const struct fact_guard *g = &c->f->guards[i];
		const struct source_rule *r = sources_rule(g->rule);

		if ((is_about_trees(g->rule) && (lifted || public)) || !guard_applies(m->at, g))
			continue;

		bool contains = !is_same(m->at, &g->at) && is_within(&g->at, m->at);
		const char *why = contains ? tighten_print(c->a, "the source contains %s, which %s",
							   g->at.given, r->is) :
				  is_same(m->at, &g->at) ? tighten_print(c->a, "the source %s", r->is) :
				  tighten_print(c->a, "the source lies below %s, which %s", g->at.given,
						r->is);

		return refuse(c, m, g->rule, why, e);
	}
	return 0;
}

/* What the guards cannot know: the roots of this container's engine, and where uppers live. */
static int screen_roots(struct tighten_ctx *c, const struct mount_try *m, struct err *e)
{
	const char *at = m->at->realpath, *dir = c->p->root.dir;
	const char **roots = tighten_engine_roots(c);

	for (size_t i = 0; roots[i] && !mutant("mount.engine"); i++)
		if (path_is_within(at, roots[i]) || path_is_within(roots[i], at))
			return refuse(c, m, "mount.engine",
				      tighten_print(c->a, "the source is, holds or lies below %s, a "
						    "container engine's state, and it is nothing that "
						    "an engine gives to this container", roots[i]), e);
	if (dir && !mutant("mount.agentrt") && (path_is_within(at, dir) || path_is_within(dir, at)))
		return refuse(c, m, "mount.agentrt", "the source is, holds or lies below agentrt's own "
			      "state", e);
	return 0;
}

int tighten_source(struct tighten_ctx *c, const struct mount_try *m, bool lifted, struct err *e)
{
	const struct fact_path *at = m->at;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (at->type == types[i].type && !mutant(types[i].rule))
			return refuse(c, m, types[i].rule, types[i].why, e);
	if (at->fstype && sources_is_kernel_fs(at->fstype) && !mutant("mount.kernel"))
		return refuse(c, m, "mount.kernel",
			      tighten_print(c->a, "the source lies on %s, which shows the state of the "
					    "host's kernel", at->fstype), e);

	const char *name = sources_credential_name(at->realpath);

	if (name && !mutant("mount.credentials"))
		return refuse(c, m, "mount.credentials",
			      arena_printf(c->a, "\"%s\" in the path is a name for credentials", name), e);
	return screen_roots(c, m, e) || screen_guards(c, m, lifted, e) ? -1 : 0;
}
