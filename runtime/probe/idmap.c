/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap.c - which file systems take idmapped mounts
 *
 * The kernel has a flag for it on every file-system type (FS_ALLOW_IDMAP; for FUSE also on the
 * superblock) and shows it nowhere: the only question it answers is a real MOUNT_ATTR_IDMAP, which
 * needs a user namespace (0.3 ms). So what never changed on any kernel that this program supports
 * is in a table, and the rest (tmpfs has it from 6.3, FUSE from 6.12, ZFS by its own version) is
 * tried once a superblock, on a detached clone that nobody else sees.
 */
#include "probe/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "sys/syscalls.h"

static const struct {
	const char *fstype;
	bool can;
} known[] = {
	{ "ext4", true },     /* 5.12 */
	{ "xfs", true },      /* 5.12 */
	{ "btrfs", true },    /* 5.15 */
	{ "overlay", false }, /* its layers have to be */
	{ "proc", false },    { "sysfs", false },    { "cgroup", false }, { "cgroup2", false },
	{ "devpts", false },  { "devtmpfs", false }, { "mqueue", false }, { "nfs", false },
	{ "nfs4", false },    { "9p", false },
};

static bool write_map(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A namespace without maps would be refused for its own sake. */
static int userns_of(pid_t pid)
{
	char path[64];

	if (!write_map(pid, "uid_map", "0 0 1") || !write_map(pid, "gid_map", "0 0 1"))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The helper lives until the other end of the pipe is closed, also when this process dies. */
static int make_userns(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER };
	int pipefd[2], userns;
	char c;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		close(pipefd[1]);
		(void)!read(pipefd[0], &c, 1); /* end of file is the signal */
		_exit(0);
	}
	userns = pid > 0 ? userns_of(pid) : -1;
	close(pipefd[0]);
	close(pipefd[1]);
	if (pid > 0)
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	return userns;
}

static bool try_idmap(struct probe_ctx *c, int fd)
{
	if (c->idmap_userns < 0)
		c->idmap_userns = make_userns();
	if (c->idmap_userns < 0)
		return false;

	auto_close int tree =
		sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (uint64_t)c->idmap_userns };
	return tree >= 0 && sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) == 0;
}

bool can_idmap(struct probe_ctx *c, const struct fact_path *p, int fd)
{
	if (!c->f->kernel_idmap || !c->f->in_initial_userns)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(known[i].fstype, p->fstype))
			return known[i].can;
	for (size_t i = 0; i < c->n_tried; i++)
		if (c->tried[i].fs_dev == p->fs_dev)
			return c->tried[i].can;

	bool can = try_idmap(c, fd);
	if (c->n_tried < PROBE_MAX_FS) {
		c->tried[c->n_tried].fs_dev = p->fs_dev;
		c->tried[c->n_tried++].can = can;
	}
	return can;
}
