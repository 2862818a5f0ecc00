/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_doc.c - the members of a profile: names, types, and what must hold of their values
 *
 * A child is decoded over a copy of its parent's document. So "absent" has one meaning, "as in the
 * parent", and never another. Each message names the line and column of what it is about.
 */
#include "profiles/profile_doc.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/path.h"
#include "base/str.h"
#include "profiles/egress_groups.h"
#include "spec/names_table.h"
#include "spec/oci_tables.h"

#define NAME_MAX_BYTES 64u
#define PATTERNS_MAX 500u
#define SEC "agentrt-profile(5)"

NAMES(profile_userns_names, "userns setting", { "spec", USERNS_AS_SPEC },
      { "prefer", USERNS_PREFER }, { "require", USERNS_REQUIRE });
TABLE_CHECK(profile_userns_names_rows, PROFILE_USERNS__COUNT);

NAMES(profile_root_names, "root mode", { "spec", ROOT_AS_SPEC }, { "overlay", ROOT_OVERLAY });
TABLE_CHECK(profile_root_names_rows, PROFILE_ROOT__COUNT);

NAMES(profile_upper_names, "upper layer", { "disk", UPPER_DISK }, { "tmpfs", UPPER_TMPFS });
TABLE_CHECK(profile_upper_names_rows, PROFILE_UPPER__COUNT);

NAMES(profile_projects_names, "way to mount projects", { "direct", PROJECTS_DIRECT },
      { "ro", PROJECTS_RO }, { "cow", PROJECTS_COW });
TABLE_CHECK(profile_projects_names_rows, PROFILE_PROJECTS__COUNT);

NAMES(profile_net_names, "egress mode", { "spec", NET_AS_SPEC }, { "egress", NET_EGRESS },
      { "none", NET_NONE }, { "engine", NET_ENGINE }, { "learn", NET_LEARN });
TABLE_CHECK(profile_net_names_rows, PROFILE_NET__COUNT + 1);

NAMES(profile_via_names, "way out", { "engine", VIA_ENGINE }, { "host", VIA_HOST });

/* seccomp: "none", or an object like linux.seccomp of config.json */
static int decode_seccomp(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	struct doc_seccomp *out = obj;
	struct oci_seccomp *s;

	if (v->type == JSON_STRING && streq(v->text, "none")) {
		*out = (struct doc_seccomp){ .set = true };
		return 0;
	}
	if (v->type != JSON_OBJECT)
		return field_fail(c, v, e, ERR_INPUT, "must be an object or \"none\"");
	s = arena_alloc(c->a, 1, sizeof(*s));
	field_init(&oci_seccomp_table, s);
	if (field_decode(c, &oci_seccomp_table, v, s, e))
		return -1;
	*out = (struct doc_seccomp){ .set = true, .v = s };
	return 0;
}

static const struct field_custom seccomp_custom = { .decode = decode_seccomp };
static const struct field_custom allow_custom = { .decode = egress_allow_decode };
static const struct field_custom deny_custom = { .decode = egress_deny_decode };

/* All sections' members lie in the one struct. */
#define D struct profile_doc
#define TABLE(id, ...)                                                                             \
	static const struct field_table id = {                                                     \
		.what = "profile",                                                                 \
		.size = sizeof(D),                                                                 \
		.fields = (const struct field[]){ __VA_ARGS__, ROW_END },                          \
	}

TABLE(root_table, ROW("mode", F_ENUM, OPT, D, root_mode, &profile_root_names, SEC),
      ROW("upper", F_ENUM, OPT, D, root_upper, &profile_upper_names, SEC),
      ROW("dir", F_STRING, OPT, D, root_dir, NULL, SEC),
      ROW("sizeBytes", F_OPT_U64, OPT, D, root_size_bytes, NULL, SEC));
TABLE(ns_table, ROW_N("shared", F_ENUMS, OPT, D, ns_shared, n_ns_shared, &names_ns, SEC));
TABLE(caps_table, ROW("screen", F_OPT_BOOL, OPT, D, caps_screen, NULL, SEC),
      ROW("keep", F_BITS64, OPT, D, caps_keep, &names_cap, SEC));
TABLE(devices_table, ROW("screen", F_OPT_BOOL, OPT, D, devices_screen, NULL, SEC));
TABLE(process_table, ROW("screen", F_OPT_BOOL, OPT, D, process_screen, NULL, SEC),
      ROW("noNewPrivileges", F_OPT_BOOL, OPT, D, no_new_privs, NULL, SEC),
      ROW("noSetIdFiles", F_OPT_BOOL, OPT, D, no_setid, NULL, SEC));
TABLE(sysctl_table, ROW("screen", F_OPT_BOOL, OPT, D, sysctl_screen, NULL, SEC));
TABLE(limits_table, ROW("pids", F_OPT_I64, OPT, D, pids_limit, NULL, SEC),
      ROW("memoryPercent", F_OPT_U32, OPT, D, memory_percent, NULL, SEC),
      ROW("oomGroup", F_OPT_BOOL, OPT, D, oom_group, NULL, SEC),
      ROW("openFiles", F_OPT_U64, OPT, D, open_files, NULL, SEC),
      ROW("fileSizeBytes", F_OPT_U64, OPT, D, file_size_bytes, NULL, SEC),
      ROW("coreBytes", F_OPT_U64, OPT, D, core_bytes, NULL, SEC),
      ROW("maxLifetimeSeconds", F_OPT_U32, OPT, D, max_lifetime_s, NULL, SEC),
      ROW("require", F_OPT_BOOL, OPT, D, limits_require, NULL, SEC));
TABLE(paths_table, ROW_N("masked", F_STRINGS, OPT, D, masked_paths, n_masked_paths, NULL, SEC),
      ROW_N("readonly", F_STRINGS, OPT, D, readonly_paths, n_readonly_paths, NULL, SEC));
TABLE(mounts_table, ROW("screen", F_OPT_BOOL, OPT, D, mounts_screen, NULL, SEC),
      ROW_N("allow", F_STRINGS, OPT, D, mounts_allow, n_mounts_allow, NULL, SEC),
      ROW_N("engineRoots", F_STRINGS, OPT, D, engine_roots, n_engine_roots, NULL, SEC),
      ROW("projects", F_ENUM, OPT, D, projects, &profile_projects_names, SEC),
      ROW("rootProjectsAs", F_STRING, OPT, D, root_projects_as, NULL, SEC),
      ROW_N("hide", F_STRINGS, OPT, D, hide, n_hide, NULL, SEC),
      ROW_N("show", F_STRINGS, OPT, D, show, n_show, NULL, SEC));
TABLE(env_table, ROW("screen", F_OPT_BOOL, OPT, D, env_screen, NULL, SEC),
      ROW("strict", F_OPT_BOOL, OPT, D, env_strict, NULL, SEC),
      ROW_N("keep", F_STRINGS, OPT, D, env_keep, n_env_keep, NULL, SEC),
      ROW_N("allow", F_STRINGS, OPT, D, env_allow, n_env_allow, NULL, SEC));
TABLE(egress_table, ROW("mode", F_ENUM, OPT, D, egress_mode, &profile_net_names, SEC),
      ROW("via", F_ENUM, OPT, D, egress_via, &profile_via_names, SEC),
      ROW("port", F_OPT_U32, OPT, D, egress_port, NULL, SEC),
      ROW_CUSTOM("allow", OPT, D, egress_allow, &allow_custom, SEC),
      ROW_CUSTOM("deny", OPT, D, egress_deny, &deny_custom, SEC),
      ROW_N("groups", F_STRINGS, OPT, D, egress_groups, n_egress_groups, NULL, SEC));
TABLE(landlock_table, ROW("files", F_OPT_BOOL, OPT, D, landlock_files, NULL, SEC),
      ROW("scope", F_OPT_BOOL, OPT, D, landlock_scope, NULL, SEC),
      ROW("tcp", F_OPT_BOOL, OPT, D, landlock_tcp, NULL, SEC),
      ROW_N("ports", F_U32S, OPT, D, landlock_ports, n_landlock_ports, NULL, SEC));
const struct field_table profile_table = {
	.what = "profile",
	.size = sizeof(D),
	.fields =
		(const struct field[]){
			ROW("version", F_OPT_U32, REQ, D, version, NULL, SEC),
			ROW("name", F_STRING, OPT, D, name, NULL, SEC),
			ROW("extends", F_STRING, OPT, D, extends, NULL, SEC),
			ROW("description", F_STRING, OPT, D, description, NULL, SEC),
			ROW("userns", F_ENUM, OPT, D, userns, &profile_userns_names, SEC),
			ROW("nested", F_OPT_BOOL, OPT, D, nested, NULL, SEC),
			ROW_NESTED("root", &root_table, SEC), ROW_NESTED("namespaces", &ns_table, SEC),
			ROW_NESTED("capabilities", &caps_table, SEC), ROW_NESTED("process", &process_table, SEC),
			ROW_NESTED("devices", &devices_table, SEC), ROW_NESTED("sysctl", &sysctl_table, SEC),
			ROW_NESTED("limits", &limits_table, SEC), ROW_NESTED("paths", &paths_table, SEC),
			ROW_NESTED("mounts", &mounts_table, SEC), ROW_NESTED("env", &env_table, SEC),
			ROW_NESTED("egress", &egress_table, SEC),
			ROW_NESTED("landlock", &landlock_table, SEC),
			ROW_CUSTOM("seccomp", OPT, D, seccomp, &seccomp_custom, SEC),
			ROW_END,
		},
};

/* ---- what must hold of the values ---- */

struct checker {
	struct arena *a;
	const char *name;
	const struct json *root;
	const struct profile_doc *d;
};

/* At the value of the member @path, which may have an index: "mounts.allow[2]". */
static int fail(const struct checker *k, struct err *e, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int fail(const struct checker *k, struct err *e, const char *path, const char *fmt, ...)
{
	struct field_ctx c = { .a = k->a, .name = k->name };
	char msg[ERR_MSG_MAX / 4];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	str_printable(c.path, sizeof(c.path), path);
	return field_fail(&c, json_at(k->root, path), e, ERR_INPUT, "%s", msg);
}

bool profile_name_is_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > NAME_MAX_BYTES || s[0] == '-')
		return false;
	for (; *s; s++)
		if (!chr_is_digit(*s) && !(*s >= 'a' && *s <= 'z') && *s != '-')
			return false;
	return true;
}

static int check_path(const struct checker *k, const char *at, const char *path, struct err *e)
{
	if (path[0] != '/')
		return fail(k, e, at, "\"%.200s\" is not an absolute path", path);
	if (!streq(path_clean(k->a, path), path))
		return fail(k, e, at,
			    "\"%.200s\" must be written without \"//\", \".\", \"..\" and a slash "
			    "at its end",
			    path);
	return 0;
}

static int check_paths(const struct checker *k, const char *property, const char **v, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (check_path(k, arena_printf(k->a, "%s[%zu]", property, i), v[i], e))
			return -1;
	return 0;
}

/* Of one component: a slash would never match. */
static int check_patterns(const struct checker *k, const char *property, const char **v, size_t n,
			  struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!v[i][0] || strchr(v[i], '/') || strlen(v[i]) > NAME_MAX)
			return fail(k, e, arena_printf(k->a, "%s[%zu]", property, i),
				    "\"%.200s\" must be the name of a file or a pattern for it, "
				    "without a slash",
				    v[i]);
	if (n > PATTERNS_MAX)
		return fail(k, e, property, "more than %u entries", PATTERNS_MAX);
	return 0;
}

/* "LC_*", but never "*". */
static bool is_keep_pattern(const char *s)
{
	size_t n = strcspn(s, "=*?");

	return n > 0 && (s[n] == '\0' || (s[n] == '*' && s[n + 1] == '\0'));
}

static int check_env_names(const struct checker *k, struct err *e)
{
	for (size_t i = 0; i < k->d->n_env_allow; i++)
		if (!k->d->env_allow[i][0] || strpbrk(k->d->env_allow[i], "=*?"))
			return fail(k, e, arena_printf(k->a, "env.allow[%zu]", i),
				    "must be the exact name of a variable");
	for (size_t i = 0; i < k->d->n_env_keep; i++)
		if (!is_keep_pattern(k->d->env_keep[i]))
			return fail(k, e, arena_printf(k->a, "env.keep[%zu]", i),
				    "must be the name of a variable, or the beginning of names and "
				    "\"*\"");
	return 0;
}

bool profile_doc_ids(const char *s, uint32_t *ret_uid, uint32_t *ret_gid)
{
	const char *colon = s ? strchr(s, ':') : NULL;
	char uid[16];

	*ret_uid = *ret_gid = 0;
	if (!s || streq(s, "none"))
		return true;
	if (!colon || (size_t)(colon - s) >= sizeof(uid))
		return false;
	memcpy(uid, s, (size_t)(colon - s));
	uid[colon - s] = '\0';
	return str_to_u32(uid, ret_uid) && str_to_u32(colon + 1, ret_gid) && *ret_uid && *ret_gid &&
	       *ret_uid != UINT32_MAX && *ret_gid != UINT32_MAX;
}

static int check_root_as(const struct checker *k, struct err *e)
{
	uint32_t uid, gid;

	if (profile_doc_ids(k->d->root_projects_as, &uid, &gid))
		return 0;
	return fail(k, e, "mounts.rootProjectsAs",
		    "must be \"UID:GID\", two numbers of the host that are not 0, or \"none\"");
}

static int check_groups(const struct checker *k, struct err *e)
{
	size_t n;

	for (size_t i = 0; i < k->d->n_egress_groups; i++)
		if (!egress_group(k->d->egress_groups[i], &n))
			return fail(k, e, arena_printf(k->a, "egress.groups[%zu]", i),
				    "there is no group \"%.40s\"", k->d->egress_groups[i]);
	return 0;
}

static int check_numbers(const struct checker *k, struct err *e)
{
	const struct profile_doc *d = k->d;

	if (d->version.v != PROFILE_VERSION)
		return fail(k, e, "version", "version %u is not known: this agentrt reads version %d",
			    d->version.v, PROFILE_VERSION);
	if (d->pids_limit.set && d->pids_limit.v < 0)
		return fail(k, e, "limits.pids", "must be 0 (none added) or more");
	if (d->memory_percent.v > 100)
		return fail(k, e, "limits.memoryPercent", "must be from 0 (none added) to 100");
	if (d->egress_port.set && (d->egress_port.v == 0 || d->egress_port.v > UINT16_MAX))
		return fail(k, e, "egress.port", "must be from 1 to 65535");
	return 0;
}

static int check_ports(const struct checker *k, struct err *e)
{
	for (size_t i = 0; i < k->d->n_landlock_ports; i++)
		if (k->d->landlock_ports[i] == 0 || k->d->landlock_ports[i] > UINT16_MAX)
			return fail(k, e, arena_printf(k->a, "landlock.ports[%zu]", i),
				    "must be from 1 to 65535");
	if (k->d->n_landlock_ports > PATTERNS_MAX)
		return fail(k, e, "landlock.ports", "more than %u entries", PATTERNS_MAX);
	return 0;
}

static int check(const struct checker *k, struct err *e)
{
	const struct profile_doc *d = k->d;

	if (check_numbers(k, e))
		return -1;
	if (d->name && !profile_name_is_valid(d->name))
		return fail(k, e, "name", "must be of a-z, 0-9 and \"-\"");
	if (d->extends && !profile_name_is_valid(d->extends))
		return fail(k, e, "extends", "must be of a-z, 0-9 and \"-\"");
	if (check_paths(k, "mounts.allow", d->mounts_allow, d->n_mounts_allow, e) ||
	    check_paths(k, "mounts.engineRoots", d->engine_roots, d->n_engine_roots, e) ||
	    check_paths(k, "paths.masked", d->masked_paths, d->n_masked_paths, e) ||
	    check_paths(k, "paths.readonly", d->readonly_paths, d->n_readonly_paths, e) ||
	    check_patterns(k, "mounts.hide", d->hide, d->n_hide, e) ||
	    check_patterns(k, "mounts.show", d->show, d->n_show, e) ||
	    (d->root_dir && check_path(k, "root.dir", d->root_dir, e)))
		return -1;
	return check_root_as(k, e) || check_env_names(k, e) || check_groups(k, e) || check_ports(k, e) ? -1 : 0;
}

const char *profile_doc_missing(const struct profile_doc *d)
{
	const struct {
		const char *name;
		bool set;
	} rows[] = {
		{ "userns", d->userns >= 0 },
		{ "root.mode", d->root_mode >= 0 },
		{ "capabilities.screen", d->caps_screen.set },
		{ "process.screen", d->process_screen.set },
		{ "process.noNewPrivileges", d->no_new_privs.set },
		{ "devices.screen", d->devices_screen.set },
		{ "sysctl.screen", d->sysctl_screen.set },
		{ "limits.pids", d->pids_limit.set },
		{ "mounts.screen", d->mounts_screen.set },
		{ "mounts.projects", d->projects >= 0 },
		{ "env.screen", d->env_screen.set },
		{ "egress.mode", d->egress_mode >= 0 },
		{ "seccomp", d->seccomp.set },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].set)
			return rows[i].name;
	return NULL;
}

int profile_doc_decode(struct arena *a, const struct json *root, const char *name,
		       struct profile_doc *d, struct err *e)
{
	struct field_ctx c = { .a = a, .name = name, .unknown_is_error = true };
	struct checker k = { a, name, root, d };

	return field_decode(&c, &profile_table, root, d, e) || check(&k, e) ? -1 : 0;
}
