// SPDX-License-Identifier: Apache-2.0
/* can.c - what the kernel can do here, tried and not guessed from its version: exit status 0 for yes. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

int can(int argc, char **argv);

struct mount_attributes { /* struct mount_attr of linux/mount.h */
	uint64_t set, clear, propagation, userns_fd;
};

static bool can_unshare(int flags)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(flags) ? 1 : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* A user namespace with ids, of a child that waits for the end of a pipe. */
static int userns_of_child(int keep[2])
{
	char path[64], buf[] = "0 100000 65536\n";
	int fd;
	pid_t pid;

	if (pipe(keep))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(keep[1]);
		if (unshare(CLONE_NEWUSER))
			_exit(1);
		_exit(read(keep[0], buf, 1) < 0);
	}
	usleep(20000);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, i ? "gid_map" : "uid_map");
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, buf, strlen(buf)) < 0)
			return -1;
		close(fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool can_idmap(const char *path)
{
	int keep[2], userns = userns_of_child(keep);
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, 1 | O_CLOEXEC); /* OPEN_TREE_CLONE */
	struct mount_attributes a = { .set = 0x00100000, .userns_fd = (uint64_t)userns }; /* MOUNT_ATTR_IDMAP */

	return userns >= 0 && tree >= 0 && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &a, sizeof(a)) == 0;
}

static bool can_setattr(uint64_t set)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", 1 | O_CLOEXEC);
	struct mount_attributes a = { .set = set };

	return tree >= 0 && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &a, sizeof(a)) == 0;
}

int can(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "", *path = argc > 3 ? argv[3] : "/";

	if (strcmp(what, "idmap") == 0)
		return !can_idmap(path);
	if (strcmp(what, "nosymfollow") == 0)
		return !can_setattr(0x00200000);
	if (strcmp(what, "mount_setattr") == 0)
		return !can_setattr(0x00000001);
	if (strcmp(what, "timens") == 0)
		return !can_unshare(0x00000080);
	if (strcmp(what, "userns") == 0)
		return !can_unshare(CLONE_NEWUSER);
	return 2;
}
