/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards.c - which of the guarded places exist here, and where they really are
 *
 * A place is looked up through its own symbolic links: ~/.aws may point anywhere. Homes are those
 * of root and of people in /etc/passwd, and whatever lies in /home (accounts kept elsewhere).
 */
#include "probe/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "profiles/tighten.h"

#define PASSWD_MAX_BYTES (4u << 20)
#define FIRST_PERSON_UID 1000u /* login.defs(5) UID_MIN */
#define UID_NOBODY 65534u

static void add_home(struct probe_ctx *c, const char *dir)
{
	struct facts *f = c->f;
	struct fact_path p;
	auto_close int fd = probe_path(c, dir, &p);

	if (fd < 0 || p.type != 'd' || streq(p.realpath, "/"))
		return;
	for (size_t i = 0; i < f->n_homes; i++)
		if (streq(f->homes[i], p.realpath))
			return;
	*arena_push(c->a, f->homes, f->n_homes) = p.realpath;
}

/* name:password:uid:gid:comment:home:shell */
static void add_passwd_line(struct probe_ctx *c, char *line)
{
	char *field[7] = { 0 };
	uint32_t uid;

	for (size_t i = 0; i < 7; i++)
		if (!(field[i] = strsep(&line, ":")))
			break;
	if (!field[5] || field[5][0] != '/' || !str_to_u32(field[2], &uid))
		return;
	if (uid == 0 || (uid >= FIRST_PERSON_UID && uid != UID_NOBODY))
		add_home(c, arena_strdup(c->a, field[5]));
}

static void homes_from_passwd(struct probe_ctx *c)
{
	auto_free char *text = NULL;
	char *rest, *line;

	if (fd_read_file("/etc/passwd", PASSWD_MAX_BYTES, &text, NULL, NULL))
		return;
	for (rest = text; (line = strsep(&rest, "\n"));)
		add_passwd_line(c, line);
}

static void homes_from_home(struct probe_ctx *c)
{
	DIR *d = opendir("/home");
	const struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' &&
		    (entry->d_type == DT_DIR || entry->d_type == DT_LNK ||
		     entry->d_type == DT_UNKNOWN))
			add_home(c, arena_printf(c->a, "/home/%s", entry->d_name));
	closedir(d);
}

/*
 * There are hundreds of places to look for, in a few dozen directories: each directory is opened
 * once and its entries are looked at from there, half a microsecond each.
 */
struct guard_dir {
	const char *path;
	size_t len;
	int fd; /* -1: does not exist, nor does anything below it */
	const char *realpath;
};

struct guard_dirs {
	struct guard_dir *v;
	size_t n;
};

static const struct guard_dir *dir_of(struct probe_ctx *c, struct guard_dirs *dirs,
				      const char *path, size_t len)
{
	struct fact_path p;

	for (size_t i = dirs->n; i-- > 0;)
		if (dirs->v[i].len == len && memcmp(dirs->v[i].path, path, len) == 0)
			return &dirs->v[i];
	struct guard_dir *d = arena_push(c->a, dirs->v, dirs->n);
	d->path = arena_strndup(c->a, path, len);
	d->len = len;
	d->fd = probe_path(c, d->path, &p);
	d->realpath = p.realpath;
	return d;
}

/* Whether something is there; a symbolic link is followed, by name. */
static bool look(struct probe_ctx *c, struct guard_dirs *dirs, const char *path,
		 struct fact_path *ret)
{
	const char *slash = strrchr(path, '/');
	struct statx st;

	*ret = (struct fact_path){ .given = path };
	if (slash && slash > path && slash[1]) {
		const struct guard_dir *d = dir_of(c, dirs, path, (size_t)(slash - path));

		if (d->fd < 0 || statx(d->fd, slash + 1, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
				       PATH_STATX_MASK, &st) < 0)
			return false;
		if (!S_ISLNK(st.stx_mode))
			return path_describe(c, &st, path_join(c->a, d->realpath, slash + 1), ret);
	}
	auto_close int fd = probe_path(c, path, ret);
	return fd >= 0;
}

static void add_guard(struct probe_ctx *c, struct guard_dirs *dirs, const char *rule,
		      const char *path)
{
	struct fact_path p;

	if (look(c, dirs, path, &p))
		*arena_push(c->a, c->f->guards, c->f->n_guards) = (struct fact_guard){ rule, p };
}

void probe_guards(struct probe_ctx *c, const char *state_root)
{
	struct guard_dirs dirs = { 0 };
	struct facts *f = c->f;
	struct source_guard *wanted;
	size_t n;

	add_home(c, "/root");
	homes_from_passwd(c);
	homes_from_home(c);
	sources_guards(c->a, f->homes, f->n_homes, &wanted, &n);
	for (size_t i = 0; i < n; i++)
		add_guard(c, &dirs, wanted[i].rule, wanted[i].path);
	if (state_root) /* where --root says; the table has the default */
		add_guard(c, &dirs, "mount.agentrt", state_root);
	for (size_t i = 0; i < dirs.n; i++)
		fd_close(&dirs.v[i].fd);
}
