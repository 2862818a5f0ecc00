/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_seccomp.c - one filter: compiled in the parent (P_PRE), loaded in the child (C_DROP)
 *
 * Loading needs no_new_privs or CAP_SYS_ADMIN in the thread's user namespace. With two threads the
 * one that will execute loads for both (TSYNC): the other one is blocked in a read(2) for good, and
 * gets the filter and no_new_privs without running an instruction.
 *
 * A filter that notifies has a listener, which must reach its agent although the filter is in force:
 * whatever call hands it over may be the one that waits for the agent's answer. So only its number
 * is written (write(2) cannot be notified: spec/check_seccomp.c), and the parent takes the
 * descriptor out of this process; it is closed when the parent has answered. A parent without
 * CAP_SYS_PTRACE may not do that: then it is sent, and p_seccomp has refused to notify sendmsg(2).
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/fd.h"
#include "exec/ctx.h"
#include "exec/seccomp_compile.h"
#include "sys/syscalls.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1u << 4) /* Linux 5.7 */
#endif

int do_seccomp_compile(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_seccomp *s = &op->u.seccomp;
	const char *dir = c->opts->cache_dir;
	auto_strbuf struct strbuf input = STRBUF_INIT;

	seccomp_input(&input, s);
	if (dir && seccomp_cache_get(dir, &input, &c->prog[i]))
		return 0;
	if (seccomp_compile(s, &c->prog[i], e))
		return -1;
	if (dir)
		seccomp_cache_put(dir, &input, &c->prog[i]);
	return 0;
}

static int send_listener(struct exec_ctx *c, int listener, size_t i, struct err *e)
{
	struct sync_frame f;

	memset(&f, 0, sizeof(f));
	f.u.listener = (struct sync_listener){ (uint32_t)i, c->can_take_fd ? listener : -1 };
	if (sync_send(&c->sync, SYNC_LISTENER, &f, &listener, !c->can_take_fd, e))
		return -1;
	if (c->can_take_fd)
		c->listener = listener; /* closed at ACK */
	else
		fd_close(&listener);
	return 0;
}

int do_seccomp(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_seccomp *s = &op->u.seccomp;
	struct sock_fprog prog = { .len = (unsigned short)(c->prog[i].n_bytes /
							   sizeof(struct sock_filter)),
				   .filter = c->prog[i].data };
	/* A listener without a path is not asked for; the plan has one only with NOTIFY rules. */
	unsigned flags = s->flags & ~(unsigned)SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int rc;

	if (s->listener_path)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (c->two_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC;
	if (s->listener_path && (flags & SECCOMP_FILTER_FLAG_TSYNC))
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	rc = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (rc < 0)
		return err_sys(e, "load the seccomp filter (%u instructions)", prog.len);
	if (s->listener_path)
		return send_listener(c, rc, i, e);
	if (rc > 0)
		return err_set(e, ERR_SYS, "load the seccomp filter: thread %d cannot have it", rc);
	return 0;
}
