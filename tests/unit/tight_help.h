/* SPDX-License-Identifier: Apache-2.0 */
/* tight_help.h - a host made up for the tests of tighten(), and what they ask of its results */
#ifndef TESTS_UNIT_TIGHT_HELP_H
#define TESTS_UNIT_TIGHT_HELP_H

#include <stdlib.h>

#include "base/path.h"
#include "base/str.h"
#include "profiles/tighten.h"
#include "spec/spec.h"
#include "tests/unit/test.h"

#define TEST_ID "c0ffee0000000000000000000000000000000000000000000000000000000001"
#define TEST_OTHER "badbad0000000000000000000000000000000000000000000000000000000002"
#define TEST_ROOT "/var/lib/docker/overlay2/l1/merged"
#define ID_BASE 1000000u

static int no_files(void *ctx, struct arena *a, const char *name, const char **ret_text,
		    size_t *ret_len, const char **ret_origin, struct err *e)
{
	const char *text = ctx;

	(void)a, (void)e;
	*ret_origin = "test.json";
	if (text && streq(name, "test")) {
		*ret_text = text;
		*ret_len = strlen(text);
	}
	return 0;
}

/* The test itself is wrong: nothing more can be said. */
__attribute__((unused, noreturn)) static void h_bail(const struct err *e)
{
	printf("Bail out! %s\n", e->msg);
	exit(1);
}

/* A built-in profile, or "agent" with @more: members of a document that extends it. */
__attribute__((unused)) static struct profile *h_profile(struct arena *a, const char *base,
							 const char *more)
{
	struct err e = ERR_INIT;
	struct profile *p = NULL;
	char *text =
		more ? arena_printf(a, "{\"version\":1,\"extends\":\"%s\",%s}", base, more) : NULL;

	if (profile_load(a, more ? "test" : base, no_files, text, &p, &e))
		h_bail(&e);
	return p;
}

/* Where a path lies on the made-up host: one file system for each of these, the root for the rest.
 */
__attribute__((unused)) static struct fact_path h_path(struct arena *a, const char *path)
{
	static const struct {
		const char *mount, *fstype;
	} fs[] = { { "/proc", "proc" },
		   { "/sys", "sysfs" },
		   { "/dev", "devtmpfs" },
		   { "/run", "tmpfs" },
		   { "/home", "ext4" } };
	struct fact_path p = { .given = arena_strdup(a, path),
			       .realpath = arena_strdup(a, path),
			       .type = 'd',
			       .dev = 1,
			       .ino = 7,
			       .fs_dev = 1,
			       .fstype = "ext4",
			       .can_idmap = true };

	p.fs_path = p.realpath;
	for (size_t i = 0; i < 5; i++) {
		if (!path_is_within(path, fs[i].mount))
			continue;
		p.fs_dev = i + 2;
		p.fstype = fs[i].fstype;
		p.fs_path = path[strlen(fs[i].mount)] ? p.realpath + strlen(fs[i].mount) : "/";
	}
	return p;
}

__attribute__((unused)) static struct facts *h_facts(struct arena *a)
{
	static const char *homes[] = { "/root", "/home/u" };
	struct facts *f = arena_alloc(a, 1, sizeof(*f));
	struct source_guard *g;
	size_t n;

	*f = (struct facts){ .id = TEST_ID,
			     .kernel = "6.1.0",
			     .in_initial_userns = true,
			     .kernel_idmap = true,
			     .kernel_overlay = true,
			     .homes = homes,
			     .n_homes = 2,
			     .id_base = ID_BASE,
			     .id_space_first = ID_BASE,
			     .id_space_last = ID_BASE + 99 * 65536,
			     .id_size = 65536,
			     .egress_uid = 900001 };
	f->root.at = h_path(a, TEST_ROOT);
	f->root.is_overlay = true;
	sources_guards(a, homes, 2, &g, &n);
	for (size_t i = 0; i < n; i++)
		*arena_push(a, f->guards, f->n_guards) =
			(struct fact_guard){ g[i].rule, h_path(a, g[i].path) };
	return f;
}

__attribute__((unused)) static struct oci_spec *h_spec(struct arena *a, const char *text)
{
	struct err e = ERR_INIT;
	struct oci_spec *s = NULL;

	if (spec_parse(a, text, strlen(text), "test", &s, &e))
		h_bail(&e);
	return s;
}

__attribute__((unused)) static const struct finding *
h_find(const struct finding *v, size_t n, const char *rule, int action, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (streq(v[i].rule, rule) && (action < 0 || v[i].action == (unsigned)action) &&
		    (!what || strstr(v[i].what, what)))
			return &v[i];
	return NULL;
}

__attribute__((unused)) static void h_show(const struct finding *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t_note("%s %s: %s (%s)", v[i].rule, finding_action_name[v[i].action], v[i].what,
		       v[i].why);
}

#endif
