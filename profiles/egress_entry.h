/* SPDX-License-Identifier: Apache-2.0 */
/* egress_entry.h - entries of egress.allow and egress.deny: "name:port", or an object */
#ifndef PROFILES_EGRESS_ENTRY_H
#define PROFILES_EGRESS_ENTRY_H

#include "profiles/profile.h"
#include "spec/field.h"

struct egress_list {
	struct egress_entry *v;
	size_t n;
};

/* field_custom decoders of egress.allow and egress.deny; @obj is a struct egress_list, replaced */
int egress_allow_decode(struct field_ctx *c, const struct json *v, void *obj, struct err *e);
int egress_deny_decode(struct field_ctx *c, const struct json *v, void *obj, struct err *e);

#endif
