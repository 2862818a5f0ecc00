/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards.c - which of the guarded places exist here, and where they really are
 *
 * A place is looked up through its own symbolic links: ~/.aws may point anywhere. Homes are those
 * of root and of people in /etc/passwd, and whatever lies in /home (accounts kept elsewhere).
 *
 * A guard that is not found guards nothing, so "is not there" must be the kernel's word. Everything
 * else (no descriptor left, a procfs that does not answer) is an error, and nothing starts.
 */
#include "probe/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten.h"

#define PASSWD_MAX_BYTES (4u << 20)
#define FIRST_PERSON_UID 1000u /* login.defs(5) UID_MIN */
#define UID_NOBODY 65534u

/* What cannot be reached now cannot be mounted into a container now: it is not there, or it is not for
 * us, or its file system is gone. */
static bool is_absent(int error)
{
	static const int errors[] = { ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, ENAMETOOLONG, ENXIO,
				      ENODEV, ESTALE, ENOTCONN, EHOSTDOWN, ETIMEDOUT };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (error == errors[i])
			return true;
	return false;
}

/* 0 where it is known whether @path is there; errno is probe_path()'s. */
static int known(int fd, const char *path, struct err *e)
{
	if (fd >= 0 || is_absent(errno) || mutant("probe.guards"))
		return 0;
	return err_sys(e, "look for what must not be mounted: %s", path);
}

static int add_home(struct probe_ctx *c, const char *dir, struct err *e)
{
	struct facts *f = c->f;
	struct fact_path p;
	auto_close int fd = probe_path(c, dir, &p);

	if (known(fd, dir, e))
		return -1;
	if (fd < 0 || p.type != 'd' || streq(p.realpath, "/"))
		return 0;
	for (size_t i = 0; i < f->n_homes; i++)
		if (streq(f->homes[i], p.realpath))
			return 0;
	*arena_push(c->a, f->homes, f->n_homes) = p.realpath;
	return 0;
}

/* name:password:uid:gid:comment:home:shell */
static int add_passwd_line(struct probe_ctx *c, char *line, struct err *e)
{
	char *field[7] = { 0 };
	uint32_t uid;

	for (size_t i = 0; i < 7; i++)
		if (!(field[i] = strsep(&line, ":")))
			break;
	if (!field[5] || field[5][0] != '/' || !str_to_u32(field[2], &uid))
		return 0;
	if (uid != 0 && (uid < FIRST_PERSON_UID || uid == UID_NOBODY))
		return 0;
	return add_home(c, arena_strdup(c->a, field[5]), e);
}

static int homes_from_passwd(struct probe_ctx *c, struct err *e)
{
	auto_free char *text = NULL;
	struct err why = ERR_INIT;
	char *rest, *line;

	if (fd_read_file("/etc/passwd", PASSWD_MAX_BYTES, &text, NULL, &why)) {
		if (is_absent(why.sys))
			return 0;
		*e = why;
		return err_ctx(e, "look for what must not be mounted: homes");
	}
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (add_passwd_line(c, line, e))
			return -1;
	return 0;
}

static int homes_from_home(struct probe_ctx *c, struct err *e)
{
	DIR *d = opendir("/home");
	const struct dirent *entry;
	int rc = 0;

	if (!d)
		return known(-1, "/home", e);
	while (rc == 0 && (entry = readdir(d)))
		if (entry->d_name[0] != '.' &&
		    (entry->d_type == DT_DIR || entry->d_type == DT_LNK ||
		     entry->d_type == DT_UNKNOWN))
			rc = add_home(c, arena_printf(c->a, "/home/%s", entry->d_name), e);
	closedir(d);
	return rc;
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

static int dir_of(struct probe_ctx *c, struct guard_dirs *dirs, const char *path, size_t len,
		  const struct guard_dir **ret, struct err *e)
{
	struct fact_path p;

	for (size_t i = dirs->n; i-- > 0;)
		if (dirs->v[i].len == len && memcmp(dirs->v[i].path, path, len) == 0) {
			*ret = &dirs->v[i];
			return 0;
		}
	struct guard_dir *d = arena_push(c->a, dirs->v, dirs->n);
	d->path = arena_strndup(c->a, path, len);
	d->len = len;
	d->fd = probe_path(c, d->path, &p);
	d->realpath = p.realpath;
	*ret = d;
	return known(d->fd, d->path, e);
}

/* @ret_found: whether something is there; a symbolic link is followed, by name. */
static int look(struct probe_ctx *c, struct guard_dirs *dirs, const char *path,
		struct fact_path *ret, bool *ret_found, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct statx st;

	*ret = (struct fact_path){ .given = path };
	*ret_found = false;
	if (slash && slash > path && slash[1]) {
		const struct guard_dir *d;

		if (dir_of(c, dirs, path, (size_t)(slash - path), &d, e))
			return -1;
		if (d->fd < 0)
			return 0;
		if (statx(d->fd, slash + 1, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, PATH_STATX_MASK,
			  &st) < 0)
			return known(-1, path, e);
		if (!S_ISLNK(st.stx_mode)) {
			*ret_found = path_describe(c, &st, path_join(c->a, d->realpath, slash + 1), ret);
			return 0;
		}
	}
	auto_close int fd = probe_path(c, path, ret);
	*ret_found = fd >= 0;
	return known(fd, path, e);
}

static int add_guard(struct probe_ctx *c, struct guard_dirs *dirs, const char *rule,
		     const char *path, struct err *e)
{
	struct fact_path p;
	bool found;

	if (look(c, dirs, path, &p, &found, e))
		return -1;
	if (found)
		*arena_push(c->a, c->f->guards, c->f->n_guards) = (struct fact_guard){ rule, p };
	return 0;
}

int probe_guards(struct probe_ctx *c, const char *state_root, struct err *e)
{
	struct guard_dirs dirs = { 0 };
	struct facts *f = c->f;
	struct source_guard *wanted;
	size_t n;
	int rc = 0;

	if (add_home(c, "/root", e) || homes_from_passwd(c, e) || homes_from_home(c, e))
		return -1;
	sources_guards(c->a, f->homes, f->n_homes, &wanted, &n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_guard(c, &dirs, wanted[i].rule, wanted[i].path, e);
	if (rc == 0 && state_root) /* where --root says; the table has the default */
		rc = add_guard(c, &dirs, "mount.agentrt", state_root, e);
	for (size_t i = 0; i < dirs.n; i++)
		fd_close(&dirs.v[i].fd);
	return rc;
}
