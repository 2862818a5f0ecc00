/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.h - reading an administrator's profiles, and only what none but root could have written
 */
#ifndef CMD_PROFILES_H
#define CMD_PROFILES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "profiles/profile.h"

/* In all of these @dir is where an administrator's profiles are; NULL: PROFILE_DIR. */

/* profiles_load() - by name, resolved and complete */
int profiles_load(struct arena *a, const char *dir, const char *name,
		  const struct profile **ret_profile, struct err *e);

/* profiles_load_file() - a file that is not installed yet (`profile check FILE`), instead of what
 * its name would find; no owner check */
int profiles_load_file(struct arena *a, const char *dir, const char *path,
		       const struct profile **ret_profile, struct err *e);

/* profiles_text() - the document that the name finds, as it stands there */
int profiles_text(struct arena *a, const char *dir, const char *name, const char **ret_text,
		  size_t *ret_len, struct err *e);

#endif
