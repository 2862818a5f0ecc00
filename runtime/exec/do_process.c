/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_process.c - small properties of the process: names, sysctls, limits, oom score, keyring, label
 *
 * Which process acts is a matter of privilege, not of taste. What belongs to the container's own
 * namespaces the child does, and what anybody may do to himself. Lowering an oom score and raising a
 * hard limit take capabilities in the *initial* user namespace: the parent, on the child's pid.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"
#include "exec/ctx.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

/* C_DROP, child; needs CAP_SYS_ADMIN over the uts namespace. Once a process. */
int do_hostname(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_hostname *h = &op->u.hostname;

	(void)c;
	(void)i;
	if ((h->domain ? setdomainname : sethostname)(h->name, strlen(h->name)) < 0)
		return err_sys(e, "set the %s to \"%s\"", h->domain ? "domain name" : "host name",
			       h->name);
	return 0;
}

/* C_DROP or (net.* of A) C_ANET, child. The trusted procfs: an image's /proc could be anything. */
int do_sysctl(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	char rel[256];
	int n = snprintf(rel, sizeof(rel), "sys/%s", op->u.sysctl.key);

	(void)i;
	if (n < 0 || (size_t)n >= sizeof(rel))
		return err_set(e, ERR_SPEC, "sysctl %s: name too long", op->u.sysctl.key);
	if (procfs_write(c->c_procfd, rel, op->u.sysctl.value, e))
		return err_ctx(e, "sysctl %s", op->u.sysctl.key);
	return 0;
}

static int set_limit(pid_t pid, const struct op_rlimit *l, struct err *e)
{
	struct rlimit64 want = { .rlim_cur = l->soft, .rlim_max = l->hard }, got;

	if (prlimit64(pid, (__rlimit_resource_t)l->resource, &want, NULL) < 0 ||
	    prlimit64(pid, (__rlimit_resource_t)l->resource, NULL, &got) < 0)
		return err_sys(e, "set resource limit %d to %llu:%llu", l->resource,
			       (unsigned long long)l->soft, (unsigned long long)l->hard);
	if (got.rlim_cur != want.rlim_cur || got.rlim_max != want.rlim_max)
		return err_set(e, ERR_SYS, "resource limit %d reads back as %llu:%llu, not %llu:%llu",
			       l->resource, (unsigned long long)got.rlim_cur,
			       (unsigned long long)got.rlim_max, (unsigned long long)l->soft,
			       (unsigned long long)l->hard);
	return 0;
}

/*
 * The end of C_DROP, the thread that will execute: no later step of ours runs under the container's
 * limits. Lowering one's own takes no privilege; what does is left to the parent, by READY.
 */
int do_rlimit(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	struct err why = ERR_INIT;

	if (set_limit(0, &op->u.rlimit, &why) == 0)
		return 0;
	if (why.sys != EPERM || c->left.n == SYNC_MAX_LEFT) {
		if (e)
			*e = why;
		return -1;
	}
	c->left.index[c->left.n++] = (uint32_t)i;
	return 0;
}

/* Between READY and ACK, parent: what the child could not, which is to raise a hard limit. */
int do_rlimit_parent(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	for (uint32_t k = 0; k < c->left.n && k < SYNC_MAX_LEFT; k++)
		if (c->left.index[k] == i)
			return set_limit(c->pid, &op->u.rlimit, e);
	return 0;
}

/* P_MAP, parent: on the pid of the child, through the trusted procfs. */
int do_oom(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	char rel[64], text[16];

	(void)i;
	snprintf(rel, sizeof(rel), "%d/oom_score_adj", (int)c->pid);
	snprintf(text, sizeof(text), "%d", op->u.oom.score_adj);
	return procfs_write(c->procfd, rel, text, e);
}

/* C_DROP, child, before a second thread exists: a thread is born with its maker's keyrings. */
int do_keyring(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	char name[128];

	(void)op;
	(void)i;
	snprintf(name, sizeof(name), "_ses.%.100s", c->plan->id);
	if (sys_keyctl_join_session(name) < 0 && errno != ENOSYS) /* kernel without keyrings */
		return err_sys(e, "join a session keyring of its own");
	return 0;
}

/* "<pid>/task/<tid>": resolved without following a link of the file that is written afterwards. */
static int self_task(struct exec_ctx *c, char *buf, size_t size, struct err *e)
{
	ssize_t n = readlinkat(c->c_procfd, "thread-self", buf, size - 1);

	if (n <= 0)
		return err_sys(e, "read /proc/thread-self");
	buf[n] = '\0';
	return 0;
}

/*
 * C_DROP, the thread that will execute: labels are per thread and take effect at execve. Written
 * where the kernel keeps them for this module (attr/apparmor/exec); attr/exec belongs to whichever
 * module is first.
 */
int do_lsm(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_lsm *l = &op->u.lsm;
	char task[64], rel[128], text[1024];
	struct err first = ERR_INIT;

	(void)i;
	if (self_task(c, task, sizeof(task), e))
		return -1;
	if (snprintf(text, sizeof(text), l->selinux ? "%s" : "exec %s", l->label) >=
	    (int)sizeof(text))
		return err_set(e, ERR_SPEC, "%s label is too long",
			       l->selinux ? "SELinux" : "AppArmor");
	if (!l->selinux) {
		snprintf(rel, sizeof(rel), "%s/attr/apparmor/exec", task);
		if (procfs_write(c->c_procfd, rel, text, &first) == 0)
			return 0;
		if (first.sys != ENOENT) {
			if (e)
				*e = first;
			return err_ctx(e, "apply the AppArmor profile \"%s\"", l->label);
		}
	}
	snprintf(rel, sizeof(rel), "%s/attr/exec", task);
	if (procfs_write(c->c_procfd, rel, text, e))
		return err_ctx(e, "apply the %s label \"%s\"", l->selinux ? "SELinux" : "AppArmor",
			       l->label);
	return 0;
}
