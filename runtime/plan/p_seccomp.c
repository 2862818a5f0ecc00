/* SPDX-License-Identifier: Apache-2.0 */
/* p_seccomp.c - a seccomp filter of the config or the profile, with its actions spelt out */
#include <seccomp.h>

#include "plan/p.h"

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

void p_seccomp(struct build *b, const struct oci_seccomp *f, const char *where, const char *rule)
{
	struct op_seccomp s = {
		.default_action = action_with_data(f->default_action, &f->default_errno_ret),
		.flags = f->flags,
		.bad_arch_action = SCMP_ACT_KILL_PROCESS,
		.enosys_for_newer = (uint32_t)f->default_action == SCMP_ACT_ERRNO(0),
		.listener_path = f->listener_path,
		.listener_metadata = f->listener_metadata,
	};

	for (size_t i = 0; i < f->n_architectures; i++)
		*arena_push(b->a, s.archs, s.n_archs) = (uint32_t)f->architectures[i];
	for (size_t i = 0; i < f->n_syscalls; i++) {
		struct plan_sc_rule r = rule_of(b, &f->syscalls[i]);

		*arena_push(b->a, s.rules, s.n_rules) = r;
	}
	plan_add(b->p, OP_SECCOMP, where, rule)->u.seccomp = s;
}
