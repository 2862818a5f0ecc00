/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite.c - a filter of system calls with some of its rules changed */
#include "profiles/rewrite.h"

struct oci_seccomp *seccomp_rewrite(struct arena *a, const struct oci_seccomp *f, rewrite_fn *fn)
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

		if (fn(a, &r))
			*arena_push(a, out->syscalls, out->n_syscalls) = r;
	}
	return out;
}
