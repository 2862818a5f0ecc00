/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_hide.c - covering the names in a project that must not be seen
 *
 * Phase: C_FS, as root of the container's user namespace, when the project is attached. A file is
 * covered by /dev/null, a directory by an empty one, as masked paths are. A cover lies on the file
 * that has the name now: whoever renames another over it on the host takes the cover away, which
 * only a copy-on-write mount (overlay.c) withstands. A link is left: what it leads to inside the
 * project has a name of its own, and outside there is nothing of the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/fs.h"
#include "exec/hide.h"

static int cover(void *ctx, int dir, const char *name, const char *path_rel, struct err *e)
{
	struct exec_ctx *c = ctx;
	auto_close int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "hide %s", path_rel);
	if (S_ISLNK(st.st_mode))
		return 0;
	return fs_mask_at(c, fd, e) ? err_ctx(e, "hide %s", path_rel) : 0;
}

int fs_hide(struct exec_ctx *c, const struct op_mount *m, int tree, struct err *e)
{
	const struct hide h = { m->hide, m->show, m->n_hide, m->n_show };

	if (m->n_hide == 0 || m->cow_dir || m->cow_tmpfs_bytes || mutant("projects.cover"))
		return 0;
	if (fs_open_mask_file(c, e) || hide_walk(tree, &h, cover, c, e))
		return err_ctx(e, "bind mount of %s", m->source_host);
	return 0;
}
