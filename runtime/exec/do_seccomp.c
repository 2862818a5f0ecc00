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
 *
 * The profile's filter has one, too, where there is a proxy: seccomp_record.c.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cbpf.h"
#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/seccomp_compile.h"
#include "exec/seccomp_record.h"
#include "sys/syscalls.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1u << 4) /* Linux 5.7 */
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5) /* Linux 5.19 */
#endif

/* The filters before this one yield to it. What cannot be done leaves both as they are: the same is
 * refused, and nothing recorded. */
static void prepare_record(struct exec_ctx *c, size_t at)
{
	struct seccomp_prog yielding;

	if (!seccomp_record_part(&c->prog[at], &c->record.part) ||
	    !seccomp_record_notify(&c->prog[at], &c->record.part, &c->record.notify)) {
		err_set(&c->record.why_not, ERR_SYS, "the profile's filter is too long for that");
		return;
	}
	for (size_t i = 0; i < at; i++) {
		if (c->plan->ops[i].kind != OP_SECCOMP || !c->plan->ops[i].u.seccomp.yields ||
		    !seccomp_record_yield(&c->prog[i], &c->record.part, &yielding))
			continue;
		free(c->prog[i].data);
		c->prog[i] = yielding;
	}
}

int do_seccomp_compile(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_seccomp *s = &op->u.seccomp;
	const char *dir = c->opts->cache_dir;
	auto_strbuf struct strbuf input = STRBUF_INIT;

	seccomp_input(&input, s);
	if (!dir || !seccomp_cache_get(dir, &input, &c->prog[i])) {
		if (seccomp_compile(s, &c->prog[i], e))
			return -1;
		if (dir)
			seccomp_cache_put(dir, &input, &c->prog[i]);
	}
	if (s->recorded)
		prepare_record(c, i);
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

static struct sock_fprog to_load(const struct seccomp_prog *p)
{
	return (struct sock_fprog){ (unsigned short)(p->n_bytes / sizeof(struct sock_filter)), p->data };
}

static unsigned listener_flags(const struct exec_ctx *c, unsigned flags)
{
	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (c->two_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return flags;
}

/*
 * The filter with the listener that the proxy gets. There can be but one listener in a process's
 * filters (EBUSY: whoever runs the runtime may have one), and a kernel may lack what it takes.
 * Return: -1 where it could not be had; the filter without it is to be loaded.
 */
static int load_recorded(struct exec_ctx *c, unsigned flags)
{
	struct sock_fprog prog = to_load(&c->record.notify);
	int rc;

	if (!prog.filter || mutant("seccomp.recorded"))
		return -1;
	flags = listener_flags(c, flags);
	/* So that a signal does not make one attempt two; compat: remove when Linux 5.19 is baseline */
	rc = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
	return rc < 0 && errno == EINVAL ? sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &prog) : rc;
}

/* Whether the filters let sendmsg(2) through: nothing may be tried that could kill. */
static bool may_send(const struct exec_ctx *c)
{
	struct seccomp_data d = { .nr = __NR_sendmsg, .arch = seccomp_arch_native() };

	for (size_t i = 0; i < c->plan->n_ops; i++) {
		const struct seccomp_prog *p = &c->prog[i];

		if (p->data && (!cbpf_is_known(p->data, p->n_bytes / sizeof(struct sock_filter)) ||
				cbpf_verdict(p->data, &d) != SECCOMP_RET_ALLOW))
			return false;
	}
	return true;
}

/* An ordinary user's runtime is root of his user namespace, but was executed outside of it: it may not
 * take what its child has. What cannot be handed over is closed: refused, and not recorded. */
static int send_recorded(struct exec_ctx *c, int listener, size_t i, struct err *e)
{
	c->can_take_fd = c->can_take_fd && !c->plan->ops[i].u.seccomp.sent;
	if (c->can_take_fd || may_send(c))
		return send_listener(c, listener, i, e);
	fd_close(&listener);
	return 0;
}

int do_seccomp(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_seccomp *s = &op->u.seccomp;
	struct sock_fprog prog = to_load(&c->prog[i]);
	/* A listener without a path is not asked for; the plan has one only with NOTIFY rules. */
	unsigned flags = s->flags & ~(unsigned)SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int rc;

	if (s->recorded && (rc = load_recorded(c, flags)) >= 0)
		return send_recorded(c, rc, i, e);
	if (s->listener_path)
		flags = listener_flags(c, flags);
	else if (c->two_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC;
	rc = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (rc < 0)
		return err_sys(e, "load the seccomp filter (%u instructions)", prog.len);
	if (s->listener_path)
		return send_listener(c, rc, i, e);
	if (rc > 0)
		return err_set(e, ERR_SYS, "load the seccomp filter: thread %d cannot have it", rc);
	return 0;
}
