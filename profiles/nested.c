/* SPDX-License-Identifier: Apache-2.0 */
/* nested.c - what a filter must let through where user namespaces are wanted inside */
#include "profiles/nested.h"

#include <sched.h>
#include <seccomp.h>

#include "base/str.h"
#include "profiles/rewrite.h"

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

static bool nest(struct arena *a, struct oci_seccomp_rule *r)
{
	if (!is_about_flags(r))
		return true;
	if ((uint32_t)r->action != SCMP_ACT_ALLOW || r->args[0].value_two != 0)
		return r->args[0].value & ~NESTED_FLAGS;
	allow_flags(a, r);
	return true;
}

struct oci_seccomp *nested_seccomp(struct arena *a, struct oci_seccomp *f)
{
	return seccomp_rewrite(a, f, nest);
}
