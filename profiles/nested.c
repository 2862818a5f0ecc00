/* SPDX-License-Identifier: Apache-2.0 */
/* nested.c - what a filter must let through where user namespaces are wanted inside */
#include "profiles/nested.h"

#include <sched.h>
#include <seccomp.h>

#include "base/str.h"

#define NESTED_FLAGS ((uint64_t)(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET))

static bool is_about_flags(const struct oci_seccomp_rule *r)
{
	return r->n_names == 1 && r->n_args == 1 && r->args[0].index == 0 &&
	       r->args[0].op == SCMP_CMP_MASKED_EQ &&
	       (streq(r->names[0], "clone") || streq(r->names[0], "unshare"));
}

static void allow_flags(struct arena *a, struct oci_seccomp_rule *r)
{
	struct oci_seccomp_arg *arg = arena_alloc(a, 1, sizeof(*arg));

	*arg = r->args[0];
	arg->value &= ~NESTED_FLAGS;
	r->args = arg;
}

struct oci_seccomp *nested_seccomp(struct arena *a, struct oci_seccomp *f)
{
	struct oci_seccomp *out;

	if (!f)
		return NULL;
	out = arena_alloc(a, 1, sizeof(*out));
	*out = *f;
	out->syscalls = NULL;
	out->n_syscalls = 0;
	for (size_t i = 0; i < f->n_syscalls; i++) {
		struct oci_seccomp_rule r = f->syscalls[i];

		if (is_about_flags(&r) && (uint32_t)r.action == SCMP_ACT_ALLOW &&
		    r.args[0].value_two == 0)
			allow_flags(a, &r);
		else if (is_about_flags(&r) && !(r.args[0].value & ~NESTED_FLAGS))
			continue;
		*arena_push(a, out->syscalls, out->n_syscalls) = r;
	}
	return out;
}
