/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.h - reading an administrator's profiles and settings, and only what none but root could
 * have written */
#ifndef CMD_PROFILES_H
#define CMD_PROFILES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "profiles/profile.h"
#include "profiles/settings.h"

/* In all of these @dir is where an administrator's profiles are; NULL: PROFILE_DIR. The settings
 * are beside that directory: agentrt.json in its parent. */

/* profiles_settings() - all zero where there is no such file */
int profiles_settings(struct arena *a, const char *dir, struct settings *ret, struct err *e);
const char *profiles_settings_path(struct arena *a, const char *dir);

/* profiles_load() - by name, resolved and complete */
int profiles_load(struct arena *a, const char *dir, const char *name,
		  const struct profile **ret_profile, struct err *e);

/* profiles_for() - the same for a container: its annotations io.agentrt.* are laid over it, as far
 * as the settings let them. io.agentrt.profile may choose a profile that gives less than @name, or
 * one that the settings list. */
int profiles_for(struct arena *a, const char *dir, const char *name, const struct oci_kv *annotations,
		 size_t n_annotations, const struct profile **ret_profile, struct err *e);

/* profiles_load_file() - a file that is not installed yet (`profile check FILE`), instead of what
 * its name would find; no owner check */
int profiles_load_file(struct arena *a, const char *dir, const char *path,
		       const struct profile **ret_profile, struct err *e);

/* profiles_names() - the administrator's, sorted; with the built-in ones where @with_builtin */
int profiles_names(struct arena *a, const char *dir, bool with_builtin, const char ***ret_names,
		   size_t *ret_n, struct err *e);

/* profiles_text() - the document that the name finds, as it stands there */
int profiles_text(struct arena *a, const char *dir, const char *name, const char **ret_text,
		  size_t *ret_len, struct err *e);

/* profiles_effective() - what the name stands for, with what it extends, as one document */
int profiles_effective(struct arena *a, const char *dir, const char *name, struct json **ret_doc,
		       struct err *e);

#endif
