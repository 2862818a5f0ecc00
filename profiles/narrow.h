/* SPDX-License-Identifier: Apache-2.0 */
/*
 * narrow.h - which of two profiles gives less, and annotations that narrow one
 *
 * A container's annotations come from whoever starts it. `io.agentrt.<member>` sets the member of
 * the profile for this container, with its value as text (lists with commas). It may only narrow;
 * what would widen needs the administrator's leave by name, else create fails.
 */
#ifndef PROFILES_NARROW_H
#define PROFILES_NARROW_H

#include "profiles/profile.h"

#define ANNOTATION_PREFIX  "io.agentrt."
#define ANNOTATION_PROFILE "io.agentrt.profile"

/* narrow_widens() - the first member in which @child gives more than @parent, or NULL */
const char *narrow_widens(const struct profile *child, const struct profile *parent);

/**
 * narrow_annotate() - the profile with the annotations io.agentrt.* laid over it
 * @v:		the config's annotations; those of others are passed over, ANNOTATION_PROFILE too
 * @allow:	keys that may widen: annotations.allow of agentrt.json
 * ERR_DENIED (rule annotation.widen) names the key; an unknown key is ERR_INPUT.
 */
int narrow_annotate(struct arena *a, const struct profile *p, const struct oci_kv *v, size_t n,
		    const char *const *allow, size_t n_allow, const struct profile **ret_profile,
		    struct err *e);

/* narrow_keys() - every annotation there is, NULL-terminated; any may widen where it is allowed */
const char **narrow_keys(struct arena *a);
bool narrow_is_key(const char *key);

/* narrow_knows() - whether a member ("egress.mode") has a row in the table behind all this */
bool narrow_knows(const char *member);

#endif
