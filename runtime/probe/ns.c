/* SPDX-License-Identifier: Apache-2.0 */
/* ns.c - the namespaces that a config names by path: what they are, and whether the host's */
#include "probe/internal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/table.h"

static const struct {
	int clone_flag;
	const char *own;
} ns_kind[] = {
	[NS_PID] = { CLONE_NEWPID, "/proc/self/ns/pid" },
	[NS_NETWORK] = { CLONE_NEWNET, "/proc/self/ns/net" },
	[NS_MOUNT] = { CLONE_NEWNS, "/proc/self/ns/mnt" },
	[NS_IPC] = { CLONE_NEWIPC, "/proc/self/ns/ipc" },
	[NS_UTS] = { CLONE_NEWUTS, "/proc/self/ns/uts" },
	[NS_USER] = { CLONE_NEWUSER, "/proc/self/ns/user" },
	[NS_CGROUP] = { CLONE_NEWCGROUP, "/proc/self/ns/cgroup" },
	[NS_TIME] = { CLONE_NEWTIME, "/proc/self/ns/time" },
};
TABLE_CHECK(ns_kind, NS__COUNT);

static int type_of(int fd)
{
	int flag = ioctl(fd, NS_GET_NSTYPE);

	for (int i = 0; i < NS__COUNT; i++)
		if (flag == ns_kind[i].clone_flag)
			return i;
	return -1;
}

/* Opened for reading only once it is known to be on nsfs: opening a device or a fifo acts. */
static int reopen_ns(int fd)
{
	struct statfs fs;
	char link[32];

	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_RDONLY | O_CLOEXEC);
}

static void probe_ns(const char *path, struct fact_ns *ret)
{
	auto_close int pathfd = open(path, O_PATH | O_CLOEXEC);
	struct stat st, own;

	ret->path = path;
	ret->type = -1;
	if (pathfd < 0 || fstat(pathfd, &st) < 0)
		return;
	ret->ino = st.st_ino;

	auto_close int fd = reopen_ns(pathfd);
	if (fd >= 0)
		ret->type = type_of(fd);
	if (ret->type < 0)
		return;
	ret->is_hosts = stat(ns_kind[ret->type].own, &own) == 0 && own.st_ino == st.st_ino;
}

void probe_namespaces(struct probe_ctx *c, const struct oci_spec *s)
{
	const struct oci_linux *l = &s->linux_;
	struct facts *f = c->f;

	f->n_ns = l->n_namespaces;
	f->ns = arena_alloc(c->a, l->n_namespaces + 1, sizeof(*f->ns));
	for (size_t i = 0; i < l->n_namespaces; i++)
		if (l->namespaces[i].path && *l->namespaces[i].path)
			probe_ns(l->namespaces[i].path, &f->ns[i]);
}
