/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.c - profiles from JSON: decode by tables, check, extend
 *
 * A document is decoded into struct profile_doc, where every switch knows whether it was said. A
 * child is decoded over a copy of its parent's document, and only then the whole becomes a struct
 * profile. So "absent" has one meaning, "as in the parent", and never another.
 */
#include "profiles/profile.h"

#include <limits.h>

#include "base/egress_wire.h"
#include "base/path.h"
#include "base/str.h"
#include "profiles/builtin.h"
#include "profiles/egress_entry.h"
#include "spec/names_table.h"
#include "spec/oci_tables.h"

#define NAME_MAX_BYTES 64u
#define PATTERNS_MAX 500u
#define DEFAULT_DIR "/var/lib/agentrt"
#define DEFAULT_PORT 3128u
#define SEC "agentrt-profile(5)"

struct profile_doc {
	const char *name, *extends, *description;
	struct opt_u32 version;
	int userns;
	int root_mode, root_upper;
	const char *root_dir;
	struct opt_u64 root_size_bytes;
	int *ns_shared;
	size_t n_ns_shared;
	struct opt_bool caps_screen, no_new_privs, devices_screen, process_screen, sysctl_screen,
		mounts_screen, env_screen;
	uint64_t caps_keep;
	struct opt_i64 pids_limit;
	struct doc_seccomp {
		bool set;
		struct oci_seccomp *v; /* NULL: "none" */
	} seccomp;
	const char **masked_paths, **readonly_paths, **mounts_allow, **engine_roots, **env_allow;
	size_t n_masked_paths, n_readonly_paths, n_mounts_allow, n_engine_roots, n_env_allow;
	int projects;
	const char **hide, **show;
	size_t n_hide, n_show;
	int egress_mode, egress_via;
	struct opt_u32 egress_port;
	struct egress_list egress_allow;
};

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
      { "none", NET_NONE }, { "engine", NET_ENGINE });
TABLE_CHECK(profile_net_names_rows, PROFILE_NET__COUNT);

enum via { VIA_ENGINE, VIA_HOST };
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
static const struct field_custom egress_custom = { .decode = egress_entries_decode };

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
      ROW("noNewPrivileges", F_OPT_BOOL, OPT, D, no_new_privs, NULL, SEC));
TABLE(sysctl_table, ROW("screen", F_OPT_BOOL, OPT, D, sysctl_screen, NULL, SEC));
TABLE(limits_table, ROW("pids", F_OPT_I64, OPT, D, pids_limit, NULL, SEC));
TABLE(paths_table, ROW_N("masked", F_STRINGS, OPT, D, masked_paths, n_masked_paths, NULL, SEC),
      ROW_N("readonly", F_STRINGS, OPT, D, readonly_paths, n_readonly_paths, NULL, SEC));
TABLE(mounts_table, ROW("screen", F_OPT_BOOL, OPT, D, mounts_screen, NULL, SEC),
      ROW_N("allow", F_STRINGS, OPT, D, mounts_allow, n_mounts_allow, NULL, SEC),
      ROW_N("engineRoots", F_STRINGS, OPT, D, engine_roots, n_engine_roots, NULL, SEC),
      ROW("projects", F_ENUM, OPT, D, projects, &profile_projects_names, SEC),
      ROW_N("hide", F_STRINGS, OPT, D, hide, n_hide, NULL, SEC),
      ROW_N("show", F_STRINGS, OPT, D, show, n_show, NULL, SEC));
TABLE(env_table, ROW("screen", F_OPT_BOOL, OPT, D, env_screen, NULL, SEC),
      ROW_N("allow", F_STRINGS, OPT, D, env_allow, n_env_allow, NULL, SEC));
TABLE(egress_table, ROW("mode", F_ENUM, OPT, D, egress_mode, &profile_net_names, SEC),
      ROW("via", F_ENUM, OPT, D, egress_via, &profile_via_names, SEC),
      ROW("port", F_OPT_U32, OPT, D, egress_port, NULL, SEC),
      ROW_CUSTOM("allow", OPT, D, egress_allow, &egress_custom, SEC));
TABLE(profile_table, ROW("version", F_OPT_U32, REQ, D, version, NULL, SEC),
      ROW("name", F_STRING, OPT, D, name, NULL, SEC),
      ROW("extends", F_STRING, OPT, D, extends, NULL, SEC),
      ROW("description", F_STRING, OPT, D, description, NULL, SEC),
      ROW("userns", F_ENUM, OPT, D, userns, &profile_userns_names, SEC),
      ROW_NESTED("root", &root_table, SEC), ROW_NESTED("namespaces", &ns_table, SEC),
      ROW_NESTED("capabilities", &caps_table, SEC), ROW_NESTED("process", &process_table, SEC),
      ROW_NESTED("devices", &devices_table, SEC), ROW_NESTED("sysctl", &sysctl_table, SEC),
      ROW_NESTED("limits", &limits_table, SEC), ROW_NESTED("paths", &paths_table, SEC),
      ROW_NESTED("mounts", &mounts_table, SEC), ROW_NESTED("env", &env_table, SEC),
      ROW_NESTED("egress", &egress_table, SEC),
      ROW_CUSTOM("seccomp", OPT, D, seccomp, &seccomp_custom, SEC));

/* ---- what must hold of the values ---- */

static bool is_profile_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > NAME_MAX_BYTES || s[0] == '-')
		return false;
	for (; *s; s++)
		if (!chr_is_digit(*s) && !(*s >= 'a' && *s <= 'z') && *s != '-')
			return false;
	return true;
}

static int check_paths(struct arena *a, const char *name, const char *property, const char **v,
		       size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i][0] != '/')
			return err_set(e, ERR_INPUT,
				       "%s: %s[%zu]: \"%.200s\" is not an absolute path", name,
				       property, i, v[i]);
		if (!streq(path_clean(a, v[i]), v[i]))
			return err_set(e, ERR_INPUT,
				       "%s: %s[%zu]: \"%.200s\" must be written without \"//\", "
				       "\".\", \"..\" and a slash at its end",
				       name, property, i, v[i]);
	}
	return 0;
}

/* Of one component: a slash would never match. */
static int check_patterns(const char *name, const char *property, const char **v, size_t n,
			  struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!v[i][0] || strchr(v[i], '/') || strlen(v[i]) > NAME_MAX)
			return err_set(e, ERR_INPUT,
				       "%s: %s[%zu]: \"%.200s\" must be the name of a file or a "
				       "pattern for it, without a slash",
				       name, property, i, v[i]);
	if (n > PATTERNS_MAX)
		return err_set(e, ERR_INPUT, "%s: %s: more than %u entries", name, property,
			       PATTERNS_MAX);
	return 0;
}

static int check_env_names(const char *name, const struct profile_doc *d, struct err *e)
{
	for (size_t i = 0; i < d->n_env_allow; i++)
		if (!d->env_allow[i][0] || strpbrk(d->env_allow[i], "=*?"))
			return err_set(e, ERR_INPUT,
				       "%s: env.allow[%zu] must be the exact name of a variable",
				       name, i);
	return 0;
}

static int check_numbers(const char *name, const struct profile_doc *d, struct err *e)
{
	if (d->version.v != PROFILE_VERSION)
		return err_set(e, ERR_INPUT,
			       "%s: version %u is not known: this agentrt reads version %d", name,
			       d->version.v, PROFILE_VERSION);
	if (d->pids_limit.set && d->pids_limit.v < 0)
		return err_set(e, ERR_INPUT, "%s: limits.pids must be 0 (none added) or more",
			       name);
	if (d->egress_port.set && (d->egress_port.v == 0 || d->egress_port.v > UINT16_MAX))
		return err_set(e, ERR_INPUT, "%s: egress.port must be from 1 to 65535", name);
	return 0;
}

static int check(struct arena *a, const char *name, const struct profile_doc *d, struct err *e)
{
	if (check_numbers(name, d, e))
		return -1;
	if (d->name && !is_profile_name(d->name))
		return err_set(e, ERR_INPUT, "%s: name must be of a-z, 0-9 and \"-\"", name);
	if (d->extends && !is_profile_name(d->extends))
		return err_set(e, ERR_INPUT, "%s: extends must be of a-z, 0-9 and \"-\"", name);
	if (check_paths(a, name, "mounts.allow", d->mounts_allow, d->n_mounts_allow, e) ||
	    check_paths(a, name, "mounts.engineRoots", d->engine_roots, d->n_engine_roots, e) ||
	    check_paths(a, name, "paths.masked", d->masked_paths, d->n_masked_paths, e) ||
	    check_paths(a, name, "paths.readonly", d->readonly_paths, d->n_readonly_paths, e) ||
	    check_patterns(name, "mounts.hide", d->hide, d->n_hide, e) ||
	    check_patterns(name, "mounts.show", d->show, d->n_show, e))
		return -1;
	if (d->root_dir) {
		const char *dir = d->root_dir;

		if (check_paths(a, name, "root.dir", &dir, 1, e))
			return -1;
	}
	return check_env_names(name, d, e);
}

/* The switches: which one is missing, or NULL. */
static const char *missing(const struct profile_doc *d)
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

static struct profile *to_profile(struct arena *a, const struct profile_doc *d)
{
	struct profile *p = arena_alloc(a, 1, sizeof(*p));

	*p = (struct profile){
		.name = d->name ? d->name : "",
		.version = (int)d->version.v,
		.extends = d->extends,
		.description = d->description,
		.complete = !missing(d),
		.doc = d,
		.userns = d->userns,
		.root = { d->root_mode, d->root_upper >= 0 ? d->root_upper : (int)UPPER_DISK,
			  d->root_dir ? d->root_dir : DEFAULT_DIR, d->root_size_bytes.v },
		.caps = { d->caps_screen.v, d->caps_keep },
		.no_new_privs = d->no_new_privs.v,
		.devices_screen = d->devices_screen.v,
		.process_screen = d->process_screen.v,
		.sysctl_screen = d->sysctl_screen.v,
		.pids_limit = d->pids_limit.v,
		.seccomp = d->seccomp.v,
		.masked_paths = d->masked_paths,
		.n_masked_paths = d->n_masked_paths,
		.readonly_paths = d->readonly_paths,
		.n_readonly_paths = d->n_readonly_paths,
		.mounts = { d->mounts_screen.v, d->mounts_allow, d->n_mounts_allow, d->engine_roots,
			    d->n_engine_roots, d->projects, d->hide, d->show, d->n_hide,
			    d->n_show },
		.env = { d->env_screen.v, d->env_allow, d->n_env_allow },
		.egress = { d->egress_mode, d->egress_via == VIA_HOST ? "host" : "engine",
			    (uint16_t)(d->egress_port.set ? d->egress_port.v : DEFAULT_PORT),
			    d->egress_allow.v, d->egress_allow.n },
	};
	for (size_t i = 0; i < d->n_ns_shared; i++)
		p->ns_shared |= 1u << d->ns_shared[i];
	return p;
}

/* One document over @d, which holds its parent or nothing. */
static int decode_over(struct arena *a, const char *text, size_t len, const char *name,
		       struct profile_doc *d, struct err *e)
{
	struct field_ctx c = { .a = a, .name = name, .unknown_is_error = true };
	struct json *root;

	if (len > PROFILE_MAX_BYTES)
		return err_set(e, ERR_INPUT, "%s: more than %u bytes", name, PROFILE_MAX_BYTES);
	if (json_parse(a, text, len, name, &root, e) ||
	    field_decode(&c, &profile_table, root, d, e))
		return -1;
	return check(a, name, d, e);
}

int profile_parse(struct arena *a, const char *text, size_t len, const char *name,
		  struct profile **ret_profile, struct err *e)
{
	struct profile_doc *d = arena_alloc(a, 1, sizeof(*d));

	field_init(&profile_table, d);
	if (decode_over(a, text, len, name, d, e))
		return -1;
	*ret_profile = to_profile(a, d);
	return 0;
}

int profile_merge(struct arena *a, const struct profile *parent, const char *child_text, size_t len,
		  const char *name, struct profile **ret_profile, struct err *e)
{
	struct profile_doc *d = arena_alloc(a, 1, sizeof(*d));

	*d = *parent->doc;
	d->name = d->extends = d->description = NULL;
	if (decode_over(a, child_text, len, name, d, e))
		return -1;
	*ret_profile = to_profile(a, d);
	return 0;
}

const char *profile_builtin(const char *name)
{
	for (const struct builtin_row *r = builtin_rows; r->name; r++)
		if (streq(r->name, name))
			return r->text;
	return NULL;
}

/* ---- loading by name ---- */

struct loader {
	struct arena *a;
	profile_reader *read;
	void *ctx;
};

/* One document's text: the administrator's unless @builtin, then the built-in. */
static int find_text(struct loader *l, const char *name, bool *builtin, const char **ret_text,
		     size_t *ret_len, const char **ret_origin, struct err *e)
{
	const char *text = NULL;
	size_t len = 0;

	if (!*builtin && l->read(l->ctx, l->a, name, &text, &len, e))
		return -1;
	if (text) {
		*ret_origin = arena_printf(l->a, PROFILE_DIR "/%s.json", name);
	} else {
		text = profile_builtin(name);
		len = text ? strlen(text) : 0;
		*builtin = true;
		*ret_origin = arena_printf(l->a, "built-in profile %s", name);
	}
	if (!text)
		return err_set(e, ERR_INPUT,
			       "profile \"%s\" does not exist: there is no " PROFILE_DIR
			       "/%s.json and it is none of the built-in agent, "
			       "agent-strict and oci",
			       name, name);
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int load(struct loader *l, const char *name, bool builtin, unsigned depth,
		struct profile **ret_profile, struct err *e)
{
	const char *text = NULL, *origin = NULL;
	size_t len = 0;
	struct profile *p, *parent;

	if (depth == PROFILE_MAX_DEPTH)
		return err_set(e, ERR_INPUT,
			       "profile \"%s\": extends goes in a circle or more than %d "
			       "profiles deep",
			       name, PROFILE_MAX_DEPTH);
	if (find_text(l, name, &builtin, &text, &len, &origin, e) ||
	    profile_parse(l->a, text, len, origin, &p, e))
		return -1;
	if (p->name[0] && !streq(p->name, name))
		return err_set(e, ERR_INPUT, "%s: name says \"%s\", but it was looked up as \"%s\"",
			       origin, p->name, name);
	if (p->extends) {
		if (load(l, p->extends, builtin || streq(p->extends, name), depth + 1, &parent,
			 e) ||
		    profile_merge(l->a, parent, text, len, origin, &p, e))
			return -1;
	}
	p->name = name;
	*ret_profile = p;
	return 0;
}

int profile_load(struct arena *a, const char *name, profile_reader *read, void *ctx,
		 struct profile **ret_profile, struct err *e)
{
	struct loader l = { a, read, ctx };
	struct profile *p;

	if (!is_profile_name(name))
		return err_set(e, ERR_USAGE, "profile name \"%.80s\" must be of a-z, 0-9 and \"-\"",
			       name);
	if (load(&l, arena_strdup(a, name), false, 0, &p, e))
		return -1;
	if (!p->complete)
		return err_set(e, ERR_INPUT,
			       "profile \"%s\": %s is missing: say it, or extend a "
			       "profile that does",
			       name, missing(p->doc));
	*ret_profile = p;
	return 0;
}
