/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite.h - a filter of system calls with some of its rules changed */
#ifndef PROFILES_REWRITE_H
#define PROFILES_REWRITE_H

#include "base/arena.h"
#include "spec/oci.h"

/* Return: false to leave the rule out. @r is a copy; what it points to is the original's. */
typedef bool rewrite_fn(struct arena *a, struct oci_seccomp_rule *r);

/* seccomp_rewrite() - a copy of @f whose rules @fn has seen, in their order; NULL gives NULL */
struct oci_seccomp *seccomp_rewrite(struct arena *a, const struct oci_seccomp *f, rewrite_fn *fn);

#endif
