/* SPDX-License-Identifier: Apache-2.0 */
/* ns.c - the kinds of namespaces: one table, and opening what a plan names */
#include "exec/ns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"

const struct ns_row ns_table[] = {
	[NS_T_PID] = { "pid", "pid", CLONE_NEWPID },
	[NS_T_NETWORK] = { "network", "net", CLONE_NEWNET },
	[NS_T_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
	[NS_T_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[NS_T_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[NS_T_USER] = { "user", "user", CLONE_NEWUSER },
	[NS_T_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[NS_T_TIME] = { "time", "time", CLONE_NEWTIME },
};
TABLE_CHECK(ns_table, NS_TYPE__COUNT);

uint64_t ns_ino(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

uint64_t ns_owner_ino(int fd)
{
	auto_close int owner = ioctl(fd, NS_GET_USERNS);

	return owner < 0 ? 0 : ns_ino(owner);
}

int ns_open(const char *path, enum ns_type type, uint64_t ino, int *ret_fd, struct err *e)
{
	/* O_NONBLOCK: the path might lead to a fifo by now. */
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open %s namespace %s", ns_table[type].name, path);
	if (ioctl(fd, NS_GET_NSTYPE) != ns_table[type].flag)
		return err_set(e, ERR_SPEC, "open %s namespace %s: not a namespace of that type",
			       ns_table[type].name, path);
	if (ino && ns_ino(fd) != ino && !mutant("ns.ino"))
		return err_set(e, ERR_STATE,
			       "open %s namespace %s: it is another namespace by now (inode %llu, expected %llu)",
			       ns_table[type].name, path, (unsigned long long)ns_ino(fd),
			       (unsigned long long)ino);
	*ret_fd = take_fd(fd);
	return 0;
}

int ns_of(int procfd, const char *pid, enum ns_type type, int *ret_fd, struct err *e)
{
	char rel[64];

	snprintf(rel, sizeof(rel), "%s/ns/%s", pid, ns_table[type].proc);
	auto_close int fd = openat(procfd, rel, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /proc/%s", rel);
	*ret_fd = take_fd(fd);
	return 0;
}

const struct op_ns *ns_find(const struct plan *p, enum ns_type type)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_NS && p->ops[i].u.ns.type == (int)type)
			return &p->ops[i].u.ns;
	return NULL;
}

bool ns_is_new(const struct plan *p, enum ns_type type)
{
	const struct op_ns *ns = ns_find(p, type);

	/* never the mount namespace: what follows would change the machine's own mounts */
	if (mutant("op.ns") && type != NS_T_MOUNT)
		return false;
	return ns && ns->action == NS_NEW;
}
