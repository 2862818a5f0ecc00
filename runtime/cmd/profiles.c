/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profiles.c - reading an administrator's profiles and settings
 *
 * A file that anybody but root could have written is an error, and not passed over: that would let
 * whoever made it unreadable choose the weaker of two policies.
 */
#include "cmd/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "profiles/builtin.h"
#include "profiles/narrow.h"
#include "profiles/profile_doc.h"
#include "sys/trusted.h"

static int read_text(struct arena *a, int fd, size_t max, const char *path, const char **ret_text,
		     size_t *ret_len, struct err *e)
{
	auto_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	if (fd_read_all(fd, max, path, &text, &len, e))
		return -1;
	*ret_text = arena_strndup(a, text, len);
	*ret_len = len;
	return 0;
}

/* Writes nothing where there is no such file. */
static int read_trusted(struct arena *a, const char *path, size_t max, const char **ret_text,
			size_t *ret_len, struct err *e)
{
	auto_close int fd = -1;
	struct err why = ERR_INIT;

	if (trusted_open(path, 0, &fd, &why)) {
		if (why.kind == ERR_SYS && why.sys == ENOENT)
			return 0;
		*e = why;
		return -1;
	}
	return read_text(a, fd, max, path, ret_text, ret_len, e);
}

static const char *dir_or_default(const char *dir)
{
	return dir ? dir : PROFILE_DIR;
}

static int read_installed(void *ctx, struct arena *a, const char *name, const char **ret_text,
			  size_t *ret_len, const char **ret_origin, struct err *e)
{
	*ret_origin = arena_printf(a, "%s/%s.json", dir_or_default(ctx), name);
	return read_trusted(a, *ret_origin, PROFILE_MAX_BYTES, ret_text, ret_len, e);
}

/* ---- settings ---- */

const char *profiles_settings_path(struct arena *a, const char *dir)
{
	return path_join(a, dir_or_default(dir), "../" SETTINGS_FILE);
}

int profiles_settings(struct arena *a, const char *dir, struct settings *ret, struct err *e)
{
	const char *path = profiles_settings_path(a, dir), *text = NULL;
	struct settings s = { 0 };
	size_t len = 0;

	if (read_trusted(a, path, SETTINGS_MAX_BYTES, &text, &len, e) ||
	    (text && settings_parse(a, text, len, path, &s, e)))
		return -1;
	*ret = s;
	return 0;
}

/* ---- profiles ---- */

int profiles_load(struct arena *a, const char *dir, const char *name,
		  const struct profile **ret_profile, struct err *e)
{
	struct profile *p;

	if (profile_load(a, name, read_installed, (void *)dir, &p, e))
		return -1;
	*ret_profile = p;
	return 0;
}

static bool is_listed(const char *const *v, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (streq(v[i], s))
			return true;
	return false;
}

/* io.agentrt.profile: another profile in the place of *p. */
static int choose(struct arena *a, const char *dir, const char *name, const struct settings *s,
		  const struct profile **p, struct err *e)
{
	const struct profile *chosen;
	const char *wider;

	if (profiles_load(a, dir, name, &chosen, e))
		return err_ctx(e, "annotation " ANNOTATION_PROFILE);
	wider = narrow_widens(chosen, *p);
	if (wider && !is_listed(s->annotations.profiles, s->annotations.n_profiles, name))
		return err_deny(e, "annotation.profile", "annotation " ANNOTATION_PROFILE,
				arena_printf(a,
					     "profile %s gives more than profile %s, which this "
					     "container has without it (%s)",
					     name, (*p)->name, wider),
				arena_printf(a, "add \"%s\" to annotations.profiles of %s", name,
					     profiles_settings_path(a, dir)));
	*p = chosen;
	return 0;
}

int profiles_for(struct arena *a, const char *dir, const char *name, const struct oci_kv *annotations,
		 size_t n_annotations, const struct profile **ret_profile, struct err *e)
{
	const struct profile *p;
	struct settings s = { 0 };
	const char *chosen = NULL;
	bool any = false;

	for (size_t i = 0; i < n_annotations; i++) {
		any = any || str_has_prefix(annotations[i].key, ANNOTATION_PREFIX);
		if (streq(annotations[i].key, ANNOTATION_PROFILE))
			chosen = annotations[i].value;
	}
	if (profiles_load(a, dir, name, &p, e) || (any && profiles_settings(a, dir, &s, e)) ||
	    (chosen && choose(a, dir, chosen, &s, &p, e)))
		return -1;
	return narrow_annotate(a, p, annotations, n_annotations, s.annotations.allow,
			       s.annotations.n_allow, ret_profile, e);
}

struct candidate {
	const char *name, *path, *dir;
	bool used; /* a file that extends its own name means the built-in one */
};

static int read_candidate(void *ctx, struct arena *a, const char *name, const char **ret_text,
			  size_t *ret_len, const char **ret_origin, struct err *e)
{
	struct candidate *c = ctx;
	auto_close int fd = -1;

	if (c->used || !streq(name, c->name))
		return read_installed((void *)c->dir, a, name, ret_text, ret_len, ret_origin, e);
	c->used = true;
	fd = open(c->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open profile %s", c->path);
	*ret_origin = c->path;
	return read_text(a, fd, PROFILE_MAX_BYTES, c->path, ret_text, ret_len, e);
}

int profiles_load_file(struct arena *a, const char *dir, const char *path,
		       const struct profile **ret_profile, struct err *e)
{
	const char *base = path_base(path);
	size_t n = strlen(base) - (str_has_suffix(base, ".json") ? strlen(".json") : 0);
	struct candidate c = { .name = arena_strndup(a, base, n), .path = path, .dir = dir };
	struct profile *p;

	if (profile_load(a, c.name, read_candidate, &c, &p, e))
		return -1;
	*ret_profile = p;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int profiles_names(struct arena *a, const char *dir, bool with_builtin, const char ***ret_names,
		   size_t *ret_n, struct err *e)
{
	DIR *d = opendir(dir_or_default(dir));
	const char **names = NULL, *name;
	size_t n = 0;

	if (!d && errno != ENOENT)
		return err_sys(e, "read %s", dir_or_default(dir));
	for (const struct builtin_row *r = builtin_rows; with_builtin && r->name; r++)
		*arena_push(a, names, n) = r->name;
	for (struct dirent *de; d && (de = readdir(d));) {
		if (de->d_name[0] == '.' || !str_has_suffix(de->d_name, ".json"))
			continue;
		name = arena_strndup(a, de->d_name, strlen(de->d_name) - strlen(".json"));
		if (!is_listed(names, n, name))
			*arena_push(a, names, n) = name;
	}
	if (d)
		(void)closedir(d);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

int profiles_text(struct arena *a, const char *dir, const char *name, const char **ret_text,
		  size_t *ret_len, struct err *e)
{
	const struct profile *checked;
	const char *text = NULL, *origin;
	size_t len = 0;

	/* First of all the name: it becomes part of a path. */
	if (profiles_load(a, dir, name, &checked, e) ||
	    read_installed((void *)dir, a, name, &text, &len, &origin, e))
		return -1;
	*ret_text = text ? text : profile_builtin(name);
	*ret_len = text ? len : strlen(*ret_text);
	return 0;
}

int profiles_effective(struct arena *a, const char *dir, const char *name, struct json **ret_doc,
		       struct err *e)
{
	return profile_effective(a, name, read_installed, (void *)dir, ret_doc, e);
}
