/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paths.c - where a host path really lies
 *
 * Everything about one path comes from one O_PATH descriptor, so that its parts belong together.
 * The mount it is on is looked up by mount id (statx), not by comparing names: names of mount
 * points can hide each other.
 */
#include "probe/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "spec/names.h"

static char type_letter(unsigned mode)
{
	static const char letters[] = {
		[S_IFDIR >> 12] = 'd',	[S_IFREG >> 12] = 'f', [S_IFLNK >> 12] = 'l',
		[S_IFSOCK >> 12] = 's', [S_IFBLK >> 12] = 'b', [S_IFCHR >> 12] = 'c',
		[S_IFIFO >> 12] = 'p',
	};
	unsigned i = (mode & S_IFMT) >> 12;

	return i < sizeof(letters) ? letters[i] : 0;
}

static const char *fd_realpath(struct arena *a, int fd)
{
	char link[32], buf[4096 + 1];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, buf, sizeof(buf));
	if (n < 0) {
		errno = EIO; /* whatever it was: the path is not known, which is not "there is none" */
		return NULL;
	}
	if (n == 0 || (size_t)n >= sizeof(buf) || buf[0] != '/') {
		errno = ENOENT; /* not visible from this root */
		return NULL;
	}
	return arena_strndup(a, buf, (size_t)n);
}

/*
 * The path of the object within its file system. NULL where the mount is not in this process's
 * mount namespace (a path through /proc/<pid>/root) or the name does not lie below the mount.
 */
static const char *path_in_fs(struct arena *a, const struct mountinfo *m, const char *realpath)
{
	if (!m || !path_is_within(realpath, m->point))
		return NULL;
	const char *rest = streq(m->point, "/") ? realpath : realpath + strlen(m->point);

	return path_clean(a, arena_printf(a, "%s/%s", m->root, rest));
}

bool path_describe(struct probe_ctx *c, const struct statx *st, const char *realpath,
		   struct fact_path *ret)
{
	const struct mountinfo *m = mountinfo_by_id(&c->mounts, st->stx_mnt_id);
	const char *fs_path = realpath ? path_in_fs(c->a, m, realpath) : NULL;

	if (!fs_path || !type_letter(st->stx_mode))
		return false;
	*ret = (struct fact_path){
		.given = ret->given,
		.realpath = realpath,
		.type = type_letter(st->stx_mode),
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.mode = st->stx_mode & 07777u,
		.dev = makedev(st->stx_dev_major, st->stx_dev_minor),
		.ino = st->stx_ino,
		.fs_dev = m->fs_dev,
		.fs_path = fs_path,
		.fstype = m->fstype,
	};
	return true;
}

int probe_path(struct probe_ctx *c, const char *given_host, struct fact_path *ret)
{
	auto_close int fd = open(given_host, O_PATH | O_CLOEXEC);
	struct statx st;

	*ret = (struct fact_path){ .given = given_host };
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, PATH_STATX_MASK, &st) < 0)
		return -1;

	const char *realpath = fd_realpath(c->a, fd);

	if (!realpath)
		return -1;
	if (!path_describe(c, &st, realpath, ret)) {
		errno = ENOENT;
		return -1;
	}
	return take_fd(fd);
}

static bool is_bind(const struct oci_mount *m)
{
	for (size_t i = 0; i < m->n_options; i++) {
		const struct mopt_row *row = mopt_find(m->options[i]);

		if (row && row->kind == MOPT_BIND)
			return true;
	}
	return false;
}

/* Not cleaned: "link/.." is what the kernel makes of it, and the executor opens this text too. */
const char *probe_absolute(struct arena *a, const char *bundle_host, const char *path)
{
	return path[0] == '/' ? path : arena_printf(a, "%s/%s", bundle_host, path);
}

void probe_sources(struct probe_ctx *c, const struct oci_spec *s, const char *bundle_host)
{
	struct facts *f = c->f;

	f->n_mounts = s->n_mounts;
	f->mounts = arena_alloc(c->a, s->n_mounts + 1, sizeof(*f->mounts));
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct oci_mount *m = &s->mounts[i];

		if (!m->source || !*m->source || !is_bind(m))
			continue;
		auto_close int fd =
			probe_path(c, probe_absolute(c->a, bundle_host, m->source), &f->mounts[i]);
		f->mounts[i].can_idmap = fd >= 0 && can_idmap(c, &f->mounts[i], fd);
	}
}
