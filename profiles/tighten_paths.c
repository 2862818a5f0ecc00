/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_paths.c - masked and read-only paths added; nothing propagates to or from the host */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"

static bool has(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (streq(list[i], s))
			return true;
	return false;
}

/* The config's list and then what the profile has more; one finding for all of it. */
static void unite(struct tighten_ctx *c, const char *rule, const char *property, const char ***list,
		  size_t *n, const char *const *more, size_t n_more)
{
	const char **all = arena_alloc(c->a, *n + n_more, sizeof(*all));
	auto_strbuf struct strbuf added = STRBUF_INIT;
	size_t k = *n;

	if (*n)
		memcpy(all, *list, *n * sizeof(*all));
	for (size_t i = 0; i < n_more; i++) {
		if (has(all, k, more[i]))
			continue;
		all[k++] = more[i];
		strbuf_addf(&added, " %s", more[i]);
	}
	if (!added.len)
		return;
	*list = all;
	*n = k;
	tighten_find(c, rule, FIND_ADDED, "the profile lists them", "%s:%s", property, added.p);
}

static void unshare_root(struct tighten_ctx *c)
{
	static const char *const open[] = { "shared", "rshared", "slave", "rslave" };
	const char *was = c->s->linux_.rootfs_propagation;

	if (!c->p->mounts.screen || !was || !has(open, ARRAY_SIZE(open), was) ||
	    mutant("mount.propagation"))
		return;
	c->s->linux_.rootfs_propagation = "rprivate";
	tighten_find(c, "mount.propagation", FIND_REPLACED,
		     "mounts do not propagate between the host and the container",
		     "linux.rootfsPropagation: %s", was);
}

int tighten_paths(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;

	(void)e;
	if (!mutant("path.masked"))
		unite(c, "path.masked", "linux.maskedPaths", &l->masked_paths, &l->n_masked_paths,
		      c->p->masked_paths, c->p->n_masked_paths);
	if (!mutant("path.readonly"))
		unite(c, "path.readonly", "linux.readonlyPaths", &l->readonly_paths,
		      &l->n_readonly_paths, c->p->readonly_paths, c->p->n_readonly_paths);
	unshare_root(c);
	return 0;
}
