/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups.c - which cgroup hierarchies there are, and where this process is in each
 *
 * /proc/self/cgroup has the hierarchies (cgroups(7)), mountinfo the places where they are mounted.
 * v1 and v2 together are "hybrid", whatever controllers v2 holds: it then counts as one more
 * hierarchy of v1 (other runtimes refuse a hybrid whose v2 has a controller).
 */
#include "probe/cgroups.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "probe/internal.h"

#define SELF_CGROUP_MAX_BYTES 65536

/* Whether @word is one of the comma-separated @list. */
static bool list_has(const char *list, const char *word, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, word, len) == 0)
			return true;
		list += n;
		list += *list == ',';
	}
	return false;
}

/* Every controller of a line "cpu,cpuacct" is an option of the mount's superblock. */
static bool mount_has_controllers(const struct mountinfo *m, const char *controllers)
{
	for (const char *c = controllers; *c;) {
		size_t n = strcspn(c, ",");

		if (!list_has(m->sb_options, c, n))
			return false;
		c += n;
		c += *c == ',';
	}
	return true;
}

/* The mount that shows most of the hierarchy; with equal roots the first one. */
static const struct mountinfo *find_mount(const struct mountinfo_table *t, const char *controllers)
{
	const char *fstype = *controllers ? "cgroup" : "cgroup2";
	const struct mountinfo *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct mountinfo *m = &t->v[i];

		if (streq(m->fstype, fstype) && mount_has_controllers(m, controllers) &&
		    (!best || strlen(m->root) < strlen(best->root)))
			best = m;
	}
	return best;
}

/*
 * A mount of a part of the hierarchy (a container with the host's cgroup namespace) has that part
 * as its root. A path outside of it ("/../.." across cgroup namespaces) cannot be reached: the
 * mount's root is then the nearest thing.
 */
static const char *path_below(const char *path, const char *root)
{
	if (streq(root, "/"))
		return str_has_prefix(path, "/..") ? "/" : path;
	if (!path_is_within(path, root))
		return "/";
	path += strlen(root);
	return *path ? path : "/";
}

/* "4:memory:/user.slice", "0::/user.slice" */
static bool split_line(char *line, char **ret_controllers, char **ret_path)
{
	char *first = strchr(line, ':');
	char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || second[1] != '/')
		return false;
	*second = '\0';
	*ret_controllers = first + 1;
	*ret_path = second + 1;
	return true;
}

static void add_hierarchy(struct arena *a, const struct mountinfo *m, const char *controllers,
			  const char *path, struct facts *f)
{
	struct fact_hierarchy *h = arena_push(a, f->hierarchies, f->n_hierarchies);

	h->controllers = controllers;
	h->mount_host = m->point;
	h->own_path = path_below(path, m->root);
}

int cgroups_find(struct arena *a, const struct mountinfo_table *mounts, char *self, struct facts *f,
		 struct err *e)
{
	const struct mountinfo *v2 = NULL;
	const char *v2_path = NULL;
	char *controllers, *path;

	for (char *line = self, *next; *line; line = next) {
		next = strchr(line, '\n');
		if (!next)
			next = line + strlen(line);
		else
			*next++ = '\0';
		if (!split_line(line, &controllers, &path))
			return err_set(e, ERR_INPUT,
				       "/proc/self/cgroup: \"%s\" is not "
				       "\"id:controllers:path\"",
				       line);

		const struct mountinfo *m = find_mount(mounts, controllers);
		if (m && *controllers) {
			add_hierarchy(a, m, controllers, path, f);
		} else if (m) {
			v2 = m;
			v2_path = path;
		}
	}
	if (v2) {
		f->cgroup = f->n_hierarchies ? CGROUP_HYBRID : CGROUP_V2;
		add_hierarchy(a, v2, "", v2_path, f);
	} else {
		f->cgroup = f->n_hierarchies ? CGROUP_V1 : CGROUP_NONE;
	}
	return 0;
}

static const char *read_line(struct arena *a, const char *path)
{
	auto_free char *text = NULL;

	if (fd_read_file(path, 4096, &text, NULL, NULL))
		return "";
	text[strcspn(text, "\n")] = '\0';
	return arena_strdup(a, text);
}

/*
 * The root cgroup has no cgroup.kill (5.14) to look at; the list of features there grew
 * "favordynmods" in 6.0. A false "no" costs nothing: cgroup/ looks at the file itself.
 */
static bool has_cgroup_kill(struct arena *a, const struct fact_hierarchy *v2)
{
	auto_free char *features = NULL;
	auto_close int fd = open(arena_printf(a, "%s%s/cgroup.kill", v2->mount_host, v2->own_path),
				 O_PATH | O_CLOEXEC);

	if (fd >= 0)
		return true;
	if (fd_read_file("/sys/kernel/cgroup/features", 4096, &features, NULL, NULL))
		return false;
	return strstr(features, "favordynmods") != NULL;
}

static bool may_write(struct arena *a, const char *dir, const char *file)
{
	return faccessat(AT_FDCWD, arena_printf(a, "%s/%s", dir, file), W_OK, AT_EACCESS) == 0;
}

/*
 * A cgroup is delegated to a user by giving him its directory and its cgroup.procs
 * (cgroup-v2.rst, "Delegation"). The place beside our own cgroup comes first: one that holds
 * processes, as our own does, cannot hand controllers down.
 */
static const char *find_delegated(struct arena *a, const struct fact_hierarchy *v2)
{
	const char *place[] = { path_clean(a, arena_printf(a, "%s/..", v2->own_path)),
				v2->own_path };

	for (size_t i = 0; i < ARRAY_SIZE(place); i++) {
		const char *dir = arena_printf(a, "%s%s", v2->mount_host, place[i]);

		if (may_write(a, dir, ".") && may_write(a, dir, "cgroup.procs"))
			return place[i];
	}
	return NULL;
}

int probe_cgroups(struct probe_ctx *c, struct err *e)
{
	auto_free char *text = NULL;
	struct facts *f = c->f;

	f->v2_controllers = "";
	if (fd_read_file("/proc/self/cgroup", SELF_CGROUP_MAX_BYTES, &text, NULL, e) ||
	    cgroups_find(c->a, &c->mounts, arena_strdup(c->a, text), f, e))
		return -1;
	if (f->cgroup == CGROUP_HYBRID || f->cgroup == CGROUP_V2) {
		struct fact_hierarchy *v2 = &f->hierarchies[f->n_hierarchies - 1];

		f->v2_controllers = read_line(
			c->a, arena_printf(c->a, "%s/cgroup.controllers", v2->mount_host));
		f->kernel_cgroup_kill = has_cgroup_kill(c->a, v2);
		if (f->cgroup == CGROUP_V2 && (f->euid != 0 || !f->in_initial_userns))
			v2->delegated = find_delegated(c->a, v2);
		if (v2->delegated)
			f->v2_controllers =
				read_line(c->a, arena_printf(c->a, "%s%s/cgroup.controllers",
							     v2->mount_host, v2->delegated));
	}
	return 0;
}
