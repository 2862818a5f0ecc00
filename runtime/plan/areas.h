/* SPDX-License-Identifier: Apache-2.0 */
/*
 * areas.h - a plan by subject: what is protected and by which rule, as `explain` shows it
 *
 * Derived from the operations alone, which is what the executor will do, and the findings, which is
 * what the profile changed on the way there.
 */
#ifndef PLAN_AREAS_H
#define PLAN_AREAS_H

#include "plan/plan.h"

enum area {
	AREA_PROFILE,
	AREA_IDS,
	AREA_NAMESPACES,
	AREA_FILES,
	AREA_PRIVILEGES,
	AREA_KERNEL,
	AREA_DEVICES,
	AREA_NETWORK,
	AREA_ENVIRONMENT,
	AREA_LIMITS,
	AREA_HOOKS,
	AREA__COUNT
};

struct area_line {
	enum area area;
	/* "safe", "seen" (it can be read), "open" (not protected), or a finding's action */
	const char *state;
	const char *what, *why; /* why: NULL for what is derived from the operations */
	const char *rule;	/* of agentrt-profile(5), or "oci": the config alone */
};

/* areas_list() - grouped by area, in order */
void areas_list(struct arena *a, const struct plan *p, struct area_line **ret_lines, size_t *ret_n);

/* areas_text() - for people; areas_json() - "areas":[...], without what is around it */
void areas_text(struct strbuf *b, const struct plan *p);
void areas_json(struct strbuf *b, const struct plan *p);

#endif
