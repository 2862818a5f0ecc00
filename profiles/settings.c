/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - agentrt.json: members, and what must hold of their values */
#include "profiles/settings.h"

#include "profiles/narrow.h"
#include "profiles/profile_doc.h"
#include "spec/oci_tables.h"

#define SEC "agentrt.json(5)"
#define S struct settings

#define IDS_LOWEST 65536u /* below are the machine's own users */
#define IDS_LEAST  65536u /* what one container takes */
#define IDS_END	   0x7fff0000u /* from there on: proxies, and ids that look negative */

static const struct field_table ids_table = {
	.what = "settings",
	.size = sizeof(S),
	.fields =
		(const struct field[]){
			ROW("user", F_STRING, OPT, S, ids.user, NULL, SEC),
			ROW("first", F_U32, OPT, S, ids.first, NULL, SEC),
			ROW("count", F_U32, OPT, S, ids.count, NULL, SEC),
			ROW_END,
		},
};

static const struct field_table annotations_table = {
	.what = "settings",
	.size = sizeof(S),
	.fields =
		(const struct field[]){
			ROW_N("allow", F_STRINGS, OPT, S, annotations.allow, annotations.n_allow,
			      NULL, SEC),
			ROW_N("profiles", F_STRINGS, OPT, S, annotations.profiles,
			      annotations.n_profiles, NULL, SEC),
			ROW_END,
		},
};

const struct field_table settings_table = {
	.what = "settings",
	.size = sizeof(S),
	.fields =
		(const struct field[]){
			ROW("version", F_U32, REQ, S, version, NULL, SEC),
			ROW("defaultProfile", F_STRING, OPT, S, default_profile, NULL, SEC),
			ROW_NESTED("ids", &ids_table, SEC),
			ROW_NESTED("annotations", &annotations_table, SEC),
			ROW_END,
		},
};

struct checker {
	struct field_ctx c;
	const struct json *root;
	struct err *e;
};

/* At the member @path: "annotations.allow[2]". */
static int fail(struct checker *k, const char *path, const char *why)
{
	str_printable(k->c.path, sizeof(k->c.path), path);
	return field_fail(&k->c, json_at(k->root, path), k->e, ERR_INPUT, "%s", why);
}

static int check_ids(struct checker *k, const S *s)
{
	uint64_t end = (uint64_t)s->ids.first + s->ids.count;

	if (s->ids.user && (!s->ids.user[0] || strpbrk(s->ids.user, ":\n")))
		return fail(k, "ids.user", "must be the name of a user");
	if (!s->ids.first && !s->ids.count)
		return 0;
	if (s->ids.user)
		return fail(k, "ids", "either user, or first and count");
	if (s->ids.first < IDS_LOWEST || s->ids.count < IDS_LEAST || end > IDS_END)
		return fail(k, "ids",
			    "first must be at least 65536, count at least 65536, and the range must "
			    "end below 2147418112");
	return 0;
}

static int check_annotations(struct checker *k, const S *s)
{
	for (size_t i = 0; i < s->annotations.n_allow; i++)
		if (!narrow_is_key(s->annotations.allow[i]) ||
		    streq(s->annotations.allow[i], ANNOTATION_PROFILE))
			return fail(k, arena_printf(k->c.a, "annotations.allow[%zu]", i),
				    "is none of the annotations that can be allowed "
				    "(agentrt-profile(5) lists them)");
	for (size_t i = 0; i < s->annotations.n_profiles; i++)
		if (!profile_name_is_valid(s->annotations.profiles[i]))
			return fail(k, arena_printf(k->c.a, "annotations.profiles[%zu]", i),
				    "must be of a-z, 0-9 and \"-\"");
	return 0;
}

static int check(struct checker *k, const S *s)
{
	if (s->version != SETTINGS_VERSION)
		return fail(k, "version", "is not known: this agentrt reads version 1");
	if (s->default_profile && !profile_name_is_valid(s->default_profile))
		return fail(k, "defaultProfile", "must be of a-z, 0-9 and \"-\"");
	return check_ids(k, s) || check_annotations(k, s) ? -1 : 0;
}

int settings_parse(struct arena *a, const char *text, size_t len, const char *name, S *ret,
		   struct err *e)
{
	struct checker k = { .c = { .a = a, .name = name, .unknown_is_error = true }, .e = e };
	struct json *root;
	S s = { 0 };

	if (len > SETTINGS_MAX_BYTES)
		return err_set(e, ERR_INPUT, "%s: more than %u bytes", name, SETTINGS_MAX_BYTES);
	if (json_parse_commented(a, text, len, name, &root, e) ||
	    field_decode(&k.c, &settings_table, root, &s, e))
		return -1;
	k.root = root;
	if (check(&k, &s))
		return -1;
	*ret = s;
	return 0;
}
