/* SPDX-License-Identifier: Apache-2.0 */
/* p_seccomp.c - a seccomp filter of the config or the profile, with its actions spelt out */
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/mutant.h"
#include "base/str.h"
#include "plan/p.h"

/* compat: remove when Linux 5.19 headers are baseline */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* config-linux.md "Seccomp": EPERM where the filter does not say */
#define DEFAULT_ERRNO 1u

/* The data part of an action is the errno to return or the value for the tracer. */
static uint32_t action_with_data(int action, const struct opt_u32 *errno_ret)
{
	uint32_t act = (uint32_t)action;

	if (act == SCMP_ACT_ERRNO(0))
		return SCMP_ACT_ERRNO(errno_ret->set ? errno_ret->v : DEFAULT_ERRNO);
	if (act == SCMP_ACT_TRACE(0))
		return SCMP_ACT_TRACE(errno_ret->set ? errno_ret->v : DEFAULT_ERRNO);
	return act;
}

static struct plan_sc_rule rule_of(struct build *b, const struct oci_seccomp_rule *in)
{
	struct plan_sc_rule r = { .names = in->names,
				  .n_names = in->n_names,
				  .action = action_with_data(in->action, &in->errno_ret) };

	for (size_t i = 0; i < in->n_args; i++) {
		const struct oci_seccomp_arg *a = &in->args[i];

		*arena_push(b->a, r.args, r.n_args) =
			(struct plan_sc_arg){ a->index, (uint32_t)a->op, a->value, a->value_two };
	}
	return r;
}

/* Whether any call (@name NULL) or this one is left to the listener's agent. */
static bool notifies(const struct oci_seccomp *f, const char *name)
{
	for (size_t i = 0; i < f->n_syscalls; i++) {
		const struct oci_seccomp_rule *r = &f->syscalls[i];

		if ((uint32_t)r->action != SCMP_ACT_NOTIFY)
			continue;
		if (!name)
			return true;
		for (size_t k = 0; k < r->n_names; k++)
			if (streq(r->names[k], name))
				return true;
	}
	return false;
}

/* The specification: a listener that no rule notifies is ignored; and the kernel refuses a flag
 * about its notifications. The profile may have taken the listener away (seccomp.listener). */
static int listener(struct build *b, const struct oci_seccomp *f, const char *where,
		    struct op_seccomp *s, struct err *e)
{
	if (!f->listener_path || !notifies(f, NULL)) {
		s->flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		return 0;
	}
	if (b->f->euid != 0 && notifies(f, "sendmsg"))
		return err_set(e, ERR_UNSUPPORTED, "%s: SCMP_ACT_NOTIFY for sendmsg takes a runtime "
			       "that runs as root: a rootless one hands the listener over with it", where);
	s->listener_path = f->listener_path;
	s->listener_metadata = f->listener_metadata;
	return 0;
}

int p_seccomp(struct build *b, const struct oci_seccomp *f, const char *where, const char *rule,
	      struct err *e)
{
	struct op_seccomp s = {
		.default_action = action_with_data(f->default_action, &f->default_errno_ret),
		.flags = f->flags,
		.bad_arch_action = SCMP_ACT_KILL_PROCESS,
		.enosys_for_newer = (uint32_t)f->default_action == SCMP_ACT_ERRNO(0),
	};

	if (listener(b, f, where, &s, e))
		return -1;
	for (size_t i = 0; i < f->n_architectures; i++)
		*arena_push(b->a, s.archs, s.n_archs) = (uint32_t)f->architectures[i];
	for (size_t i = 0; i < f->n_syscalls; i++) {
		struct plan_sc_rule r = rule_of(b, &f->syscalls[i]);

		*arena_push(b->a, s.rules, s.n_rules) = r;
	}
	plan_add(b->p, OP_SECCOMP, where, rule)->u.seccomp = s;
	return 0;
}

/* The container's connections come to a proxy: its own, that of its pod, or of `exec` the container's. */
static bool has_proxy(const struct build *b)
{
	if (b->p->is_exec)
		return b->takes_listeners;
	return b->t->net == TIGHT_NET_EGRESS ||
	       (b->t->net == TIGHT_NET_POD && b->f->pod.takes_listeners);
}

static void note_unrecorded(struct build *b)
{
	if (!b->p->is_exec)
		build_finding(b, "seccomp.socket", FIND_NOTE, "socket(2)",
			      "what sockets are refused is not recorded: the kernel has no "
			      "SECCOMP_RET_USER_NOTIF (Linux 5.9, and no filter around that hides it)");
}

void p_seccomp_record(struct build *b)
{
	struct op *last = NULL;

	if (!b->seccomp2 || !has_proxy(b) || mutant("seccomp.record"))
		return;
	if (!b->f->kernel_notify) {
		note_unrecorded(b);
		return;
	}
	for (size_t i = 0; i < b->p->n_ops; i++) {
		struct op *op = &b->p->ops[i];

		if (op->kind != OP_SECCOMP)
			continue;
		if (op->u.seccomp.listener_path)
			return; /* there can be but one */
		if (last)
			last->u.seccomp.yields = true;
		last = op;
	}
	last->u.seccomp.recorded = true;
	last->u.seccomp.sent = facts_is_rootless(b->f);
}
