/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_child.c - from a privileged fork of the runtime to the unprivileged agentrt-egress
 *
 * Order matters: the cgroup is joined and namespaces are entered while there is a right to; the
 * root directory changes before ids do (chroot needs a capability) and after the last path was
 * opened; capabilities go before execve, so that the program starts with none.
 */
#include "exec/egress_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/sanitize.h"
#include "base/str.h"
#include "base/table.h"
#include "exec/ns.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#define FD_SAFE 192 /* above every target of dup3() */
_Static_assert(EGRESS_FD__END + EGRESS_LISTEN_MAX + 1 < FD_SAFE, "it is");

static int leave_session(struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, 0) < 0) /* conmon's would end us with `create` */
		return err_sys(e, "clear the parent-death signal");
	if (setsid() < 0)
		return err_sys(e, "make a session");
	return 0;
}

/* A shim's protection from the OOM killer (-998) is not for this. */
static int reset_oom(const struct egress_child *k, struct err *e)
{
	char rel[64];

	snprintf(rel, sizeof(rel), "%d/oom_score_adj", (int)getpid());
	struct err why = ERR_INIT;

	/* an ordinary user may not lower what he was given, and is not the one who is protected */
	if (procfs_write(k->procfd, rel, "0", &why) == 0 || (k->rootless && why.sys == EACCES))
		return 0;
	*e = why;
	return -1;
}

/* A hard limit below what is wanted (rootless engines) means fewer connections, not none. */
static int set_limits(struct err *e)
{
	struct rlimit files, core = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(e, "read limits");
	if (files.rlim_max > EGRESS_NOFILE)
		files.rlim_max = EGRESS_NOFILE;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_CORE, &core) < 0)
		return err_sys(e, "set limits");
	return 0;
}

static int open_netlink(int *ret_fd, struct err *e)
{
	*ret_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return *ret_fd < 0 ? err_sys(e, "open a netlink socket") : 0;
}

/* Without root the runtime's own may belong to the host: it is never left and entered again. */
static int enter_network(const struct egress_child *k, int netns)
{
	auto_close int now = -1;

	if (netns < 0)
		return unshare(CLONE_NEWNET);
	if (ns_of(k->procfd, "self", NS_T_NETWORK, &now, NULL) == 0 && ns_ino(now) == ns_ino(netns))
		return 0;
	return setns(netns, CLONE_NEWNET);
}

/* The sockets keep answering for the namespace they were made in. */
static int enter_networks(struct egress_child *k, struct err *e)
{
	if (k->own_netns >= 0 && enter_network(k, k->own_netns) < 0)
		return err_sys(e, "enter the runtime's network namespace");
	if (open_netlink(&k->fd[EGRESS_FD_NL_HOST], e))
		return -1;
	if (enter_network(k, k->e_netns) < 0)
		return err_sys(e, "enter the container's engine network namespace");
	return open_netlink(&k->fd[EGRESS_FD_NL_E], e);
}

/*
 * No id of the user's is left over, and the program refuses to be root: in a user namespace of its own
 * it is not, nor has it a right over the one that it came from. What it may map is the id it has.
 */
static int leave_users_root(struct egress_child *k, struct err *e)
{
	static const struct {
		const char *file, *text;
	} maps[] = { { "setgroups", "deny" }, { "uid_map", "1 0 1" }, { "gid_map", "1 0 1" } };
	char rel[64];

	if (!k->rootless || k->uid != 0)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return err_sys(e, "make a user namespace for the proxy");
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		snprintf(rel, sizeof(rel), "%d/%s", (int)getpid(), maps[i].file);
		if (procfs_write(k->procfd, rel, maps[i].text, e))
			return -1;
	}
	k->uid = 1;
	return 0;
}

/* Nothing is below this root and nothing can be made there; it is gone with the process. */
static int enter_empty_root(const struct egress_child *k, struct err *e)
{
	if (fchdir(k->root) < 0 || chroot(".") < 0)
		return err_sys(e, "enter an empty root directory");
	return 0;
}

/* What is to be descriptor @i of the program; from @end on, what it does not get: itself, its root. */
static int fd_for(const struct egress_child *k, int i, int end)
{
	if (i >= end)
		return i == end ? k->program : k->root;
	if (i >= EGRESS_FD__END)
		return k->listen[i - EGRESS_FD__END];
	/* -1: of what is there only where connections are steered */
	return i <= 2 || k->fd[i] < 0 ? k->null : k->fd[i];
}

/* dup3() onto the agreed numbers, from copies that no target overwrites. */
static int place_fds(struct egress_child *k, struct err *e)
{
	int end = EGRESS_FD__END + (int)k->n_listen;
	int from[EGRESS_FD__END + EGRESS_LISTEN_MAX + 2];

	for (int i = 0; i <= end + 1; i++) {
		from[i] = fcntl(fd_for(k, i, end), F_DUPFD_CLOEXEC, FD_SAFE);
		if (from[i] < 0)
			return err_sys(e, "copy descriptor %d", i);
	}
	for (int i = 0; i <= end + 1; i++)
		if (dup3(from[i], i, i >= end ? O_CLOEXEC : 0) < 0)
			return err_sys(e, "place descriptor %d", i);
	for (int i = 0; i < EGRESS_FD__END; i++)
		k->fd[i] = i;
	k->program = end;
	k->root = end + 1;
	if (sys_close_range((unsigned)end + 2, ~0u, 0) < 0)
		return err_sys(e, "close all other descriptors");
	return 0;
}

/* @rootless: setgroups(2) may be denied for good, and the user's groups stay with what is his */
static int drop_privileges(uint32_t uid, bool rootless, struct err *e)
{
	/* EINVAL ends it: one beyond the last capability that the kernel knows. */
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    (sys_setgroups(0, NULL) < 0 && !(rootless && errno == EPERM)) ||
	    sys_setresgid(uid, uid, uid) < 0 ||
	    sys_setresuid(uid, uid, uid) < 0 || sys_capset(0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "drop privileges to uid %u", uid);
	return 0;
}

static int execute(const struct egress_child *k, struct err *e)
{
	static char name[] = "agentrt-egress";
	char *const argv[] = { name, NULL };
	char *env[] = { NULL, NULL };

#ifdef AGENTRT_MUTANTS
	for (char **v = environ; *v; v++)
		if (str_has_prefix(*v, "AGENTRT_MUTANT="))
			env[0] = *v;
#endif
	fexecve(k->program, argv, env);
	return err_sys(e, "execute the program");
}

static int become(struct egress_child *k, struct err *e)
{
	sys_reset_signals(); /* conmon blocks, shims ignore */
	if (leave_session(e) || reset_oom(k, e) ||
	    cgroup_join_self(&k->cg, e) || enter_networks(k, e) || set_limits(e) ||
	    leave_users_root(k, e) || place_fds(k, e) || (!SANITIZED && enter_empty_root(k, e)) ||
	    drop_privileges(k->uid, k->rootless, e))
		return -1;
	return execute(k, e);
}

void egress_child_run(struct egress_child *k)
{
	struct err e = ERR_INIT;

	umask(077);
	become(k, &e); /* returns on failure only */

	int fd = k->fd[EGRESS_FD_READY];
	(void)!write(fd, "E", 1); /* the parent sees the end of the pipe in any case */
	(void)!write(fd, e.msg, strlen(e.msg));
	_exit(1);
}
