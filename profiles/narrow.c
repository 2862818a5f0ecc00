/* SPDX-License-Identifier: Apache-2.0 */
/*
 * narrow.c - one row a member: how an annotation writes it, and when a value is no wider
 *
 * The table has a row for every member that profile_doc.c decodes (t_schema compares them), so that
 * a new member cannot be set from outside before somebody has said what narrower means for it.
 */
#include "profiles/narrow.h"

#include <assert.h>

#include "base/hostname.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/profile_doc.h"
#include "profiles/secrets.h"
#include "spec/oci_tables.h"

typedef const struct profile P;

/* ---- lists ---- */

static bool has(const char *const *v, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (streq(v[i], s))
			return true;
	return false;
}

static bool is_subset(const char *const *v, size_t n, const char *const *of, size_t n_of)
{
	for (size_t i = 0; i < n; i++)
		if (!has(of, n_of, v[i]))
			return false;
	return true;
}

/* ---- egress.allow ---- */

/* A new member of an entry may make it wider: say in is_entry_covered() what it means. */
static_assert(sizeof(struct egress_entry) == 7 * sizeof(void *), "teach is_entry_covered() the new member");

static bool is_host_covered(const char *host, const char *by)
{
	struct cidr inner, outer;

	if (streq(host, by))
		return true;
	if (cidr_parse(by, strlen(by), &outer))
		return cidr_parse(host, strlen(host), &inner) && inner.bits >= outer.bits &&
		       cidr_contains(&outer, &inner.net);
	if (!str_has_prefix(host, "*."))
		return hostname_matches(by, host);
	/* "*.a.b" lies below "*.b" where "a.b" does */
	return str_has_prefix(by, "*.") && hostname_matches(by, host + 2);
}

static bool has_port(const struct egress_entry *x, uint16_t port)
{
	for (size_t i = 0; i < x->n_ports; i++)
		if (x->ports[i] == port)
			return true;
	return false;
}

/* What is asked of a connection apart: is_entry_covered(). */
static bool is_reach_covered(const struct egress_entry *x, const struct egress_entry *by)
{
	if (!is_host_covered(x->host, by->host) ||
	    !is_subset(x->addresses, x->n_addresses, by->addresses, by->n_addresses))
		return false;
	for (size_t i = 0; i < x->n_ports; i++)
		if (!has_port(by, x->ports[i]))
			return false;
	return true;
}

static bool is_entry_covered(const struct egress_entry *x, const struct egress_entry *by)
{
	bool tls = x->tls == by->tls || x->tls == PROFILE_TLS_REQUIRE;

	return is_reach_covered(x, by) && tls && (x->ech_denied || !by->ech_denied);
}

static const struct egress_entry *find_cover(P *p, const struct egress_entry *x,
					     bool (*is_covered)(const struct egress_entry *,
								const struct egress_entry *))
{
	for (size_t i = 0; i < p->egress.n_allow; i++)
		if (is_covered(x, &p->egress.allow[i]))
			return &p->egress.allow[i];
	return NULL;
}

static bool egress_allow(P *c, P *p)
{
	for (size_t i = 0; i < c->egress.n_allow; i++)
		if (!find_cover(p, &c->egress.allow[i], is_entry_covered))
			return false;
	return true;
}

static bool is_denied_by(const struct egress_entry *x, P *c)
{
	for (size_t i = 0; i < c->egress.n_deny; i++) {
		const struct egress_entry *y = &c->egress.deny[i];
		bool all = y->n_ports == 0;

		for (size_t k = 0; k < x->n_ports && !all && has_port(y, x->ports[k]); k++)
			all = k + 1 == x->n_ports;
		if (all && is_host_covered(x->host, y->host))
			return true;
	}
	return false;
}

/* More may be denied, never less. */
static bool egress_deny(P *c, P *p)
{
	for (size_t i = 0; i < p->egress.n_deny; i++)
		if (!is_denied_by(&p->egress.deny[i], c))
			return false;
	return true;
}

/* ---- when a member is no wider: child, parent ---- */

static bool always(P *c, P *p)
{
	(void)c, (void)p;
	return true;
}

static bool userns(P *c, P *p)
{
	return c->userns >= p->userns; /* spec < prefer < require */
}

static bool root_mode(P *c, P *p)
{
	return c->root.mode >= p->root.mode;
}

static bool root_upper(P *c, P *p)
{
	return c->root.upper == p->root.upper; /* memory or disk: neither is less */
}

static bool root_dir(P *c, P *p)
{
	return streq(c->root.dir, p->root.dir);
}

static bool root_size(P *c, P *p)
{
	return c->root.size_bytes == p->root.size_bytes ||
	       (c->root.size_bytes && c->root.size_bytes < p->root.size_bytes);
}

static bool ns_shared(P *c, P *p)
{
	return (c->ns_shared & ~p->ns_shared) == 0;
}

static bool caps_screen(P *c, P *p)
{
	return c->caps.screen || !p->caps.screen;
}

static bool caps_keep(P *c, P *p)
{
	return !p->caps.screen || (c->caps.keep & ~p->caps.keep) == 0;
}

static bool process_screen(P *c, P *p)
{
	return c->process_screen || !p->process_screen;
}

static bool no_new_privs(P *c, P *p)
{
	return c->no_new_privs || !p->no_new_privs;
}

static bool no_setid(P *c, P *p)
{
	return c->no_setid || !p->no_setid;
}

static bool devices_screen(P *c, P *p)
{
	return c->devices_screen || !p->devices_screen;
}

static bool nested(P *c, P *p)
{
	return p->nested || !c->nested;
}

static bool sysctl_screen(P *c, P *p)
{
	return c->sysctl_screen || !p->sysctl_screen;
}

/* 0 is no limit. */
static bool is_no_more(uint64_t c, uint64_t p)
{
	return p == 0 || (c && c <= p);
}

static bool pids(P *c, P *p)
{
	return is_no_more((uint64_t)c->pids_limit, (uint64_t)p->pids_limit);
}

static bool memory(P *c, P *p)
{
	return is_no_more(c->limits.memory_percent, p->limits.memory_percent);
}

static bool oom_group(P *c, P *p)
{
	return c->limits.oom_group || !p->limits.oom_group;
}

static bool open_files(P *c, P *p)
{
	return is_no_more(c->limits.open_files, p->limits.open_files);
}

static bool file_size(P *c, P *p)
{
	return is_no_more(c->limits.file_size_bytes, p->limits.file_size_bytes);
}

static bool core_bytes(P *c, P *p)
{
	return !p->limits.has_core_bytes ||
	       (c->limits.has_core_bytes && c->limits.core_bytes <= p->limits.core_bytes);
}

static bool lifetime(P *c, P *p)
{
	return is_no_more(c->limits.max_lifetime_s, p->limits.max_lifetime_s);
}

static bool limits_require(P *c, P *p)
{
	return c->limits.require || !p->limits.require;
}

static bool masked(P *c, P *p)
{
	return is_subset(p->masked_paths, p->n_masked_paths, c->masked_paths, c->n_masked_paths);
}

static bool readonly_paths(P *c, P *p)
{
	return is_subset(p->readonly_paths, p->n_readonly_paths, c->readonly_paths,
			 c->n_readonly_paths);
}

static bool mounts_screen(P *c, P *p)
{
	return c->mounts.screen || !p->mounts.screen;
}

static bool mounts_allow(P *c, P *p)
{
	return is_subset(c->mounts.allow, c->mounts.n_allow, p->mounts.allow, p->mounts.n_allow);
}

static bool engine_roots(P *c, P *p)
{
	return c->mounts.n_engine_roots == p->mounts.n_engine_roots &&
	       is_subset(c->mounts.engine_roots, c->mounts.n_engine_roots, p->mounts.engine_roots,
			 p->mounts.n_engine_roots);
}

/* A copy leaves the host's files alone, and hides firmly. */
static bool projects(P *c, P *p)
{
	static const int width[] = { [PROJECTS_COW] = 0, [PROJECTS_RO] = 1, [PROJECTS_DIRECT] = 2 };
	TABLE_CHECK(width, PROFILE_PROJECTS__COUNT);

	return width[c->mounts.projects] <= width[p->mounts.projects];
}

/* Another id is another user's files. */
static bool root_as(P *c, P *p)
{
	return c->mounts.root_as_uid == 0 || (c->mounts.root_as_uid == p->mounts.root_as_uid &&
					      c->mounts.root_as_gid == p->mounts.root_as_gid);
}

static bool hide(P *c, P *p)
{
	return is_subset(p->mounts.hide, p->mounts.n_hide, c->mounts.hide, c->mounts.n_hide);
}

static bool show(P *c, P *p)
{
	return p->mounts.n_hide == 0 || /* there is nothing to except from */
	       is_subset(c->mounts.show, c->mounts.n_show, p->mounts.show, p->mounts.n_show);
}

static bool env_screen(P *c, P *p)
{
	return c->env.screen || !p->env.screen;
}

static bool env_allow(P *c, P *p)
{
	return is_subset(c->env.allow, c->env.n_allow, p->env.allow, p->env.n_allow);
}

static bool env_strict(P *c, P *p)
{
	return c->env.strict || !p->env.strict;
}

static bool env_keep(P *c, P *p)
{
	return !p->env.strict ||
	       is_subset(c->env.keep, c->env.n_keep, p->env.keep, p->env.n_keep);
}

static bool egress_mode(P *c, P *p)
{
	static const int width[] = {
		[NET_NONE] = 0, [NET_EGRESS] = 1, [NET_ENGINE] = 2, [NET_AS_SPEC] = 3
	};
	TABLE_CHECK(width, PROFILE_NET__COUNT);

	if (p->egress.learn && !c->egress.learn && c->egress.mode == NET_EGRESS)
		return false;
	return width[c->egress.mode] <= width[p->egress.mode];
}

static bool egress_via(P *c, P *p)
{
	return streq(c->egress.via, p->egress.via) || streq(c->egress.via, "engine");
}

static bool seccomp(P *c, P *p)
{
	auto_strbuf struct strbuf mine = STRBUF_INIT, its = STRBUF_INIT;

	/* as written: `nested` has a row of its own */
	const struct oci_seccomp *cs = c->doc->seccomp.v, *ps = p->doc->seccomp.v;

	if (cs == ps || !ps || !cs)
		return cs == ps || !ps;
	field_encode(&mine, &oci_seccomp_table, cs);
	field_encode(&its, &oci_seccomp_table, ps);
	return streq(mine.p, its.p);
}

static bool landlock_files(P *c, P *p)
{
	return c->landlock.files || !p->landlock.files;
}

static bool landlock_scope(P *c, P *p)
{
	return c->landlock.scope || !p->landlock.scope;
}

static bool landlock_tcp(P *c, P *p)
{
	return c->landlock.tcp || !p->landlock.tcp;
}

static bool has_u32(const uint32_t *v, size_t n, uint32_t x)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == x)
			return true;
	return false;
}

static bool landlock_ports(P *c, P *p)
{
	for (size_t i = 0; p->landlock.tcp && i < c->landlock.n_ports; i++)
		if (!has_u32(p->landlock.ports, p->landlock.n_ports, c->landlock.ports[i]))
			return false;
	return true;
}

enum value { V_NONE, V_TEXT, V_NUMBER, V_BOOL, V_LIST }; /* V_NONE: no annotation sets it */

static const struct row {
	const char *member;
	enum value value;
	bool (*is_narrow)(P *child, P *parent);
} rows[] = {
	{ "version", V_NONE, always },
	{ "name", V_NONE, always },
	{ "extends", V_NONE, always },
	{ "description", V_NONE, always },
	{ "userns", V_TEXT, userns },
	{ "nested", V_BOOL, nested },
	{ "root.mode", V_TEXT, root_mode },
	{ "root.upper", V_TEXT, root_upper },
	{ "root.dir", V_NONE, root_dir },
	{ "root.sizeBytes", V_NUMBER, root_size },
	{ "namespaces.shared", V_LIST, ns_shared },
	{ "capabilities.screen", V_BOOL, caps_screen },
	{ "capabilities.keep", V_LIST, caps_keep },
	{ "process.screen", V_BOOL, process_screen },
	{ "process.noNewPrivileges", V_BOOL, no_new_privs },
	{ "process.noSetIdFiles", V_BOOL, no_setid },
	{ "devices.screen", V_BOOL, devices_screen },
	{ "sysctl.screen", V_BOOL, sysctl_screen },
	{ "limits.pids", V_NUMBER, pids },
	{ "limits.memoryPercent", V_NUMBER, memory },
	{ "limits.oomGroup", V_BOOL, oom_group },
	{ "limits.openFiles", V_NUMBER, open_files },
	{ "limits.fileSizeBytes", V_NUMBER, file_size },
	{ "limits.coreBytes", V_NUMBER, core_bytes },
	{ "limits.maxLifetimeSeconds", V_NUMBER, lifetime },
	{ "limits.require", V_BOOL, limits_require },
	{ "paths.masked", V_LIST, masked },
	{ "paths.readonly", V_LIST, readonly_paths },
	{ "mounts.screen", V_BOOL, mounts_screen },
	{ "mounts.allow", V_LIST, mounts_allow },
	{ "mounts.engineRoots", V_NONE, engine_roots },
	{ "mounts.projects", V_TEXT, projects },
	{ "mounts.rootProjectsAs", V_NONE, root_as },
	{ "mounts.hide", V_LIST, hide },
	{ "mounts.show", V_LIST, show },
	{ "env.screen", V_BOOL, env_screen },
	{ "env.strict", V_BOOL, env_strict },
	{ "env.keep", V_LIST, env_keep },
	{ "env.allow", V_LIST, env_allow },
	{ "egress.mode", V_TEXT, egress_mode },
	{ "egress.via", V_TEXT, egress_via },
	{ "egress.port", V_NUMBER, always },
	{ "egress.allow", V_LIST, egress_allow },
	{ "egress.deny", V_LIST, egress_deny },
	{ "egress.groups", V_LIST, egress_allow }, /* as what they stand for */
	{ "landlock.files", V_BOOL, landlock_files },
	{ "landlock.scope", V_BOOL, landlock_scope },
	{ "landlock.tcp", V_BOOL, landlock_tcp },
	{ "landlock.ports", V_NONE, landlock_ports },
	{ "seccomp", V_NONE, seccomp },
};

const char *narrow_widens(const struct profile *child, const struct profile *parent)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].is_narrow(child, parent))
			return rows[i].member;
	return NULL;
}

bool narrow_knows(const char *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (streq(rows[i].member, member))
			return true;
	return false;
}

/* ---- annotations ---- */

const char **narrow_keys(struct arena *a)
{
	const char **keys = arena_alloc(a, ARRAY_SIZE(rows) + 2, sizeof(*keys));
	size_t n = 0;

	keys[n++] = ANNOTATION_PROFILE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value != V_NONE)
			keys[n++] = arena_printf(a, ANNOTATION_PREFIX "%s", rows[i].member);
	return keys;
}

static const struct row *find_row(const char *key)
{
	if (!str_has_prefix(key, ANNOTATION_PREFIX))
		return NULL;
	key += strlen(ANNOTATION_PREFIX);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value != V_NONE && streq(rows[i].member, key))
			return &rows[i];
	return NULL;
}

bool narrow_is_key(const char *key)
{
	return streq(key, ANNOTATION_PROFILE) || find_row(key);
}

static struct json *new_value(struct arena *a, enum json_type type, const char *key)
{
	struct json *v = arena_alloc(a, 1, sizeof(*v));

	v->type = type;
	v->key = key;
	return v;
}

/* "a, b" as an array; an empty text is an empty list. */
static struct json *to_list(struct arena *a, const char *text)
{
	struct json *list = new_value(a, JSON_ARRAY, NULL), **tail = &list->child;

	for (const char *s = text + strspn(text, " "); *s;) {
		size_t n = strcspn(s, ","), len = n;

		while (len && s[len - 1] == ' ')
			len--;
		*tail = new_value(a, JSON_STRING, NULL);
		(*tail)->text = arena_strndup(a, s, len);
		tail = &(*tail)->next;
		list->n++;
		s += n;
		if (!*s)
			break;
		s += 1 + strspn(s + 1, " ");
	}
	return list;
}

/* An annotation's text as the value that the member would have in a profile's document. */
static struct json *to_value(struct arena *a, enum value kind, const char *text)
{
	struct json *v;

	if (kind == V_LIST)
		return to_list(a, text);
	if (kind == V_BOOL && (streq(text, "true") || streq(text, "false"))) {
		v = new_value(a, JSON_BOOL, NULL);
		v->boolean = text[0] == 't';
		return v;
	}
	v = new_value(a, kind == V_NUMBER ? JSON_NUMBER : JSON_STRING, NULL);
	v->text = text;
	return v;
}

/* { "version": 1, "egress": { "mode": ... } } for "egress.mode" */
static struct json *to_document(struct arena *a, const char *member, struct json *value)
{
	struct json *doc = new_value(a, JSON_OBJECT, NULL);
	struct json *version = new_value(a, JSON_NUMBER, "version"), *top = value;
	const char *dot = strchr(member, '.');

	version->text = arena_printf(a, "%d", PROFILE_VERSION);
	value->key = dot ? dot + 1 : member;
	if (dot) {
		top = new_value(a, JSON_OBJECT, arena_strndup(a, member, (size_t)(dot - member)));
		top->child = value;
		top->n = 1;
	}
	doc->child = version;
	version->next = top;
	doc->n = 2;
	return doc;
}

/* An entry that the profile's list covers is that one, with fewer names and ports: what else it
 * says (addresses, and what it asks of a connection) stays said. */
static void inherit_entries(struct arena *a, struct profile *c, P *parent)
{
	struct egress_entry *v = arena_alloc(a, c->egress.n_allow + 1, sizeof(*v));

	for (size_t i = 0; i < c->egress.n_allow; i++) {
		const struct egress_entry *x = &c->egress.allow[i], *by = find_cover(parent, x, is_reach_covered);

		v[i] = by ? *by : *x;
		v[i].host = x->host;
		v[i].ports = x->ports;
		v[i].n_ports = x->n_ports;
	}
	c->egress.allow = v;
}

static int refuse(struct arena *a, const char *key, const char *member, P *parent, struct err *e)
{
	return err_deny(e, "annotation.widen", arena_printf(a, "annotation %s", key),
			arena_printf(a,
				     "it asks for more than profile %s gives, and a container's "
				     "annotations may only take away (%s)",
				     parent->name, member),
			arena_printf(a, "add \"%s\" to annotations.allow of agentrt.json", key));
}

/* Whoever starts a container does not choose which code its programs load, whatever else he may. */
static int refuse_injection(const struct row *row, const struct profile *c, const char *key,
			    struct err *e)
{
	const char **v = streq(row->member, "env.allow") ? c->env.allow : c->env.keep;
	size_t n = streq(row->member, "env.allow") ? c->env.n_allow : c->env.n_keep;

	if (!streq(row->member, "env.allow") && !streq(row->member, "env.keep"))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (secrets_injects(v[i], strlen(v[i])) && !mutant("env.inject"))
			return err_set(e, ERR_DENIED,
				       "annotation %s: refused by rule env.inject: %s makes programs "
				       "load code; a profile may name it, an annotation may not",
				       key, v[i]);
	return 0;
}

static int apply(struct arena *a, const struct row *row, const struct oci_kv *kv, bool allowed,
		 const struct profile **p, struct err *e)
{
	struct json *doc = to_document(a, row->member, to_value(a, row->value, kv->value));
	struct profile *c;
	bool narrow;

	if (profile_over(a, *p, doc, arena_printf(a, "annotation %s", kv->key), &c, e))
		return -1;
	if (streq(row->member, "egress.allow"))
		inherit_entries(a, c, *p);
	narrow = row->is_narrow(c, *p) || mutant("annotation.widen");
	if (!narrow && !allowed)
		return refuse(a, kv->key, row->member, *p, e);
	if (!narrow && refuse_injection(row, c, kv->key, e))
		return -1;
	for (size_t i = 0; i < (*p)->n_marks; i++)
		*arena_push(a, c->marks, c->n_marks) = (*p)->marks[i];
	*arena_push(a, c->marks, c->n_marks) = (struct profile_mark){ kv->key, !narrow };
	*p = c;
	return 0;
}

int narrow_annotate(struct arena *a, const struct profile *p, const struct oci_kv *v, size_t n,
		    const char *const *allow, size_t n_allow, const struct profile **ret_profile,
		    struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct oci_kv *kv = &v[i];
		const struct row *row = find_row(kv->key);

		if (!str_has_prefix(kv->key, ANNOTATION_PREFIX) ||
		    streq(kv->key, ANNOTATION_PROFILE))
			continue;
		if (!row)
			return err_set(e, ERR_INPUT,
				       "annotation %.100s: there is no such setting "
				       "(agentrt-profile(5) lists them)",
				       kv->key);
		if (apply(a, row, kv, has(allow, n_allow, kv->key), &p, e))
			return -1;
	}
	*ret_profile = p;
	return 0;
}
