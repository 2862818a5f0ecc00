/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.h - holes: members of a profile that let out or in what the agent profile keeps apart
 *
 * A hole is not an error. It may be what an administrator wants; he should see it written down.
 */
#ifndef PROFILES_LINT_H
#define PROFILES_LINT_H

#include "profiles/profile.h"

struct lint_hole {
	const char *rule;   /* "lint.mount.credentials": a row of lint.c */
	const char *member; /* "mounts.allow[0]" */
	const char *what;   /* what can happen, one clause */
};

void lint_profile(struct arena *a, const struct profile *p, struct lint_hole **ret_holes,
		  size_t *ret_n);

#endif
