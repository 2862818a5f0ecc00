/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - agentrt.json: what an administrator says for the whole machine
 *
 * Like a profile: unknown members are errors, a list that is missing or empty allows nothing.
 */
#ifndef PROFILES_SETTINGS_H
#define PROFILES_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/field.h"

#define SETTINGS_FILE	   "agentrt.json"
#define SETTINGS_VERSION   1
#define SETTINGS_MAX_BYTES (256u << 10)

struct settings {
	uint32_t version;
	const char *default_profile; /* NULL: not said */
	struct {
		const char *user;      /* whose ranges in /etc/subuid and /etc/subgid; NULL: nobody's */
		uint32_t first, count; /* of a range of the host's ids; 0: not said */
	} ids;
	struct {
		const char **allow; /* keys that may widen a profile */
		size_t n_allow;
		const char **profiles; /* that a container may choose although they give more */
		size_t n_profiles;
	} annotations;
};

extern const struct field_table settings_table;

/* settings_parse() - @name is for messages */
int settings_parse(struct arena *a, const char *text, size_t len, const char *name,
		   struct settings *ret, struct err *e);

#endif
