/* SPDX-License-Identifier: Apache-2.0 */
/* procfs.c - opening a trusted procfs, and files in it */
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/syscalls.h"

#define PROC_ROOT_INO 1 /* fs/proc: the root directory, and nothing else, has it */

bool fd_is_procfs(int fd)
{
	struct statfs sf;

	return fstatfs(fd, &sf) == 0 && sf.f_type == PROC_SUPER_MAGIC;
}

static bool is_procfs_root(int fd)
{
	struct stat st;

	return fd_is_procfs(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INO;
}

/* A new instance, mounted nowhere: nothing can be mounted over a file of it. */
static int open_private(void)
{
	auto_close int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* The mount of /proc without what lies on top of its files; EINVAL where those are locked. */
static int open_clone(void)
{
	return sys_open_tree(AT_FDCWD, "/proc",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
}

static int open_plain(void)
{
	return open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int procfs_open(int *ret_fd, struct err *e)
{
	static int (*const way[])(void) = { open_private, open_clone, open_plain };

	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		auto_close int fd = way[i]();

		if (fd >= 0 && is_procfs_root(fd)) {
			*ret_fd = take_fd(fd);
			return 0;
		}
	}
	return err_set(e, ERR_UNSUPPORTED, "open /proc: what is mounted there is not procfs");
}

int procfs_openat(int procfd, const char *rel, int flags, int *ret_fd, struct err *e)
{
	auto_close int fd = sys_openat2(procfd, rel, (uint64_t)flags | O_CLOEXEC, 0,
					RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return err_sys(e, "open /proc/%s", rel);
	if (!fd_is_procfs(fd))
		return err_set(e, ERR_SYS, "open /proc/%s: not a file of procfs", rel);
	*ret_fd = take_fd(fd);
	return 0;
}

int procfs_open_link(int procfd, const char *rel, int flags, int *ret_fd, struct err *e)
{
	const char *slash = strrchr(rel, '/');
	auto_close int dir = -1, fd = -1;
	char parent[PATH_MAX];

	if (!slash || (size_t)(slash - rel) >= sizeof(parent))
		return err_set(e, ERR_INPUT, "open /proc/%s: not a link's path", rel);
	memcpy(parent, rel, (size_t)(slash - rel));
	parent[slash - rel] = '\0';
	if (procfs_openat(procfd, parent, O_PATH | O_DIRECTORY, &dir, e))
		return -1;
	fd = openat(dir, slash + 1, flags | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /proc/%s", rel);
	*ret_fd = take_fd(fd);
	return 0;
}

int procfs_write(int procfd, const char *rel, const char *data, struct err *e)
{
	auto_close int fd = -1;
	size_t n = strlen(data);
	ssize_t w;

	if (procfs_openat(procfd, rel, O_WRONLY | O_NOFOLLOW, &fd, e))
		return -1;
	do
		w = write(fd, data, n);
	while (w < 0 && errno == EINTR);
	if (w < 0)
		return err_sys(e, "write \"%s\" to /proc/%s", data, rel);
	if ((size_t)w != n)
		return err_set(e, ERR_SYS, "write \"%s\" to /proc/%s: cut short", data, rel);
	return 0;
}
