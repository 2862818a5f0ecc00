/* SPDX-License-Identifier: Apache-2.0 */
/* ping.c - a filter's rules for ICMP sockets, turned round */
#include "profiles/ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <seccomp.h>

#include "base/mutant.h"
#include "base/str.h"
#include "profiles/rewrite.h"

#define PROTOCOL 2 /* of socket(2)'s arguments */

static bool lets_ping(const struct oci_seccomp_rule *r)
{
	if (r->n_names != 1 || !streq(r->names[0], "socket") || (uint32_t)r->action != SCMP_ACT_ALLOW)
		return false;
	for (size_t i = 0; i < r->n_args; i++) {
		const struct oci_seccomp_arg *arg = &r->args[i];

		if (arg->index == PROTOCOL && arg->op == SCMP_CMP_MASKED_EQ && arg->value == UINT32_MAX &&
		    (arg->value_two == IPPROTO_ICMP || arg->value_two == IPPROTO_ICMPV6))
			return true;
	}
	return false;
}

static bool turn_round(struct arena *a, struct oci_seccomp_rule *r)
{
	(void)a;
	if (lets_ping(r)) {
		r->action = (int)SCMP_ACT_ERRNO(0);
		r->errno_ret.set = true;
		r->errno_ret.v = EACCES; /* as with a ping_group_range that leaves the caller out */
	}
	return true;
}

struct oci_seccomp *ping_refused(struct arena *a, struct oci_seccomp *f)
{
	return mutant("seccomp.ping") ? f : seccomp_rewrite(a, f, turn_round);
}
