/* SPDX-License-Identifier: Apache-2.0 */
/* mnt.c - the mount API of Linux 5.2 and 5.12: open_tree, fsopen, mount_setattr, move_mount */
#include "sys/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "sys/syscalls.h"

#define PROPAGATION (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)
#define ATIME (MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME | MOUNT_ATTR__ATIME)

int mnt_clone(int fd, const char *path, bool recursive)
{
	return sys_open_tree(fd, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW |
				     (*path ? 0u : AT_EMPTY_PATH) |
				     (recursive ? AT_RECURSIVE : 0u));
}

int mnt_set(int fd, const struct mnt_change *ch)
{
	struct mount_attr attr = {
		.attr_set = ch->set,
		.attr_clr = ch->clear,
		.propagation = ch->propagation & PROPAGATION,
	};

	/* atime is one field of several bits: it is set by clearing all of it first */
	if ((attr.attr_set | attr.attr_clr) & ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (ch->userns > 0) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)ch->userns;
	}
	if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
		return 0;
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (ch->recursive ? AT_RECURSIVE : 0u),
				 &attr);
}

int mnt_attach(int mnt, int to_fd)
{
	return sys_move_mount(mnt, "", to_fd, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mnt_umount(int fd)
{
	/* umount2 takes only paths, and "." is the one that nobody can redirect */
	return fchdir(fd) < 0 ? -1 : umount2(".", MNT_DETACH);
}

/* "dirsync" has no opposite. */
static const struct {
	uint64_t ms;
	const char *name, *opposite;
} sb_flag[] = {
	{ MS_RDONLY, "ro", "rw" },
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_MANDLOCK, "mand", "nomand" },
};

/* NULL: as it is */
static const char *sb_option(const struct mnt_fs *f, size_t i)
{
	if (f->sb_flags & sb_flag[i].ms)
		return sb_flag[i].name;
	return f->sb_clear & sb_flag[i].ms ? sb_flag[i].opposite : NULL;
}

/* fsconfig(2) leaves its reasons in the context: "e filesystem: text". Quotes at most one. */
static void add_kernel_text(int fs, struct err *e)
{
	char text[256];
	ssize_t n = read(fs, text, sizeof(text) - 1);
	int sys = e ? e->sys : 0;

	if (n <= 2 || !e)
		return;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';

	size_t len = strlen(e->msg);
	(void)snprintf(e->msg + len, sizeof(e->msg) - len, " (the kernel says: %s)", text + 2);
	e->sys = sys;
}

static int fail(int fs, const char *type, const char *what, struct err *e)
{
	err_sys(e, "mount file system %s%s%s", type, *what ? ", option " : "", what);
	add_kernel_text(fs, e);
	return -1;
}

static int set_option(int fs, char *opt)
{
	char *eq = strchr(opt, '=');

	if (!eq)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, opt, NULL, 0);
	*eq = '\0';
	int r = sys_fsconfig(fs, FSCONFIG_SET_STRING, opt, eq + 1, 0);
	*eq = '=';
	return r;
}

static int set_data(int fs, const char *type, const char *data, struct err *e)
{
	char opt[2 * MNT_OPTION_MAX + 2];

	while (data && *data) {
		size_t n = strcspn(data, ",");

		if (n >= sizeof(opt))
			return err_set(e, ERR_UNSUPPORTED,
				       "mount file system %s: an option is longer "
				       "than %d bytes",
				       type, MNT_OPTION_MAX);
		memcpy(opt, data, n);
		opt[n] = '\0';
		if (n > 0 && set_option(fs, opt) < 0)
			return fail(fs, type, opt, e);
		data += n;
		data += *data == ',';
	}
	return 0;
}

static int configure(int fs, const struct mnt_fs *f, unsigned cmd, struct err *e)
{
	if (f->source && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", f->source, 0) < 0)
		return fail(fs, f->type, "source", e);
	for (size_t i = 0; i < ARRAY_SIZE(sb_flag); i++) {
		const char *option = sb_option(f, i);

		if (option && sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) < 0)
			return fail(fs, f->type, option, e);
	}
	if (f->label && sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", f->label, 0) < 0)
		return fail(fs, f->type, "context", e);
	if (set_data(fs, f->type, f->data, e))
		return -1;
	if (sys_fsconfig(fs, cmd, NULL, NULL, 0) < 0)
		return fail(fs, f->type, "", e);
	return 0;
}

int mnt_new(const struct mnt_fs *f, int *ret_fd, struct err *e)
{
	auto_close int fs = sys_fsopen(f->type, FSOPEN_CLOEXEC);

	if (fs < 0)
		return err_sys(e, "mount file system %s", f->type);
	if (configure(fs, f, FSCONFIG_CMD_CREATE, e))
		return -1;
	int fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)f->attr);
	if (fd < 0)
		return fail(fs, f->type, "", e);
	*ret_fd = fd;
	return 0;
}

int mnt_reconfigure(int fd, const struct mnt_fs *f, struct err *e)
{
	auto_close int fs = sys_fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	if (fs < 0)
		return err_sys(e, "remount file system %s", f->type);
	return configure(fs, f, FSCONFIG_CMD_RECONFIGURE, e);
}

bool mnt_data_fits(const char *data)
{
	while (data && *data) {
		size_t n = strcspn(data, ",");
		size_t key = strcspn(data, "=,");

		if (n > key + 1 + MNT_OPTION_MAX || key > MNT_OPTION_MAX)
			return false;
		data += n;
		data += *data == ',';
	}
	return true;
}
