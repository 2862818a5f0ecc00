/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.c - profiles by name: found, laid over what they extend, complete
 *
 * A profile is a chain of documents, from what was asked for to what extends nothing. They are
 * decoded in the other direction into one struct profile_doc, and only then the whole becomes a
 * struct profile.
 */
#include "profiles/profile.h"

#include "base/str.h"
#include "profiles/builtin.h"
#include "profiles/egress_groups.h"
#include "profiles/nested.h"
#include "profiles/ping.h"
#include "profiles/profile_doc.h"

#define DEFAULT_DIR "/var/lib/agentrt"
#define DEFAULT_PORT 3128u

/* What the document lists, and then what its groups do. */
static struct egress_list with_groups(struct arena *a, const struct profile_doc *d)
{
	struct egress_list out = { 0 };

	for (size_t i = 0; i < d->egress_allow.n; i++)
		*arena_push(a, out.v, out.n) = d->egress_allow.v[i];
	for (size_t i = 0; i < d->n_egress_groups; i++) {
		size_t n = 0;
		const struct egress_entry *v = egress_group(d->egress_groups[i], &n);

		for (size_t k = 0; k < n; k++)
			*arena_push(a, out.v, out.n) = v[k];
	}
	return out;
}

static struct profile *to_profile(struct arena *a, const struct profile_doc *d)
{
	struct profile *p = arena_alloc(a, 1, sizeof(*p));
	struct egress_list allow = with_groups(a, d);
	bool learn = d->egress_mode == NET_LEARN;

	*p = (struct profile){
		.name = d->name ? d->name : "",
		.version = (int)d->version.v,
		.extends = d->extends,
		.description = d->description,
		.complete = !profile_doc_missing(d),
		.doc = d,
		.userns = d->userns,
		.root = { d->root_mode, d->root_upper >= 0 ? d->root_upper : (int)UPPER_DISK,
			  d->root_dir ? d->root_dir : DEFAULT_DIR, d->root_size_bytes.v },
		.caps = { d->caps_screen.v, d->caps_keep },
		.no_new_privs = d->no_new_privs.v,
		.no_setid = d->no_setid.v,
		.devices_screen = d->devices_screen.v,
		.process_screen = d->process_screen.v,
		.sysctl_screen = d->sysctl_screen.v,
		.pids_limit = d->pids_limit.v,
		.limits = { d->memory_percent.v, d->file_size_bytes.v, d->open_files.v,
			    d->core_bytes.set, d->core_bytes.v, d->oom_group.v,
			    d->max_lifetime_s.v, d->limits_require.v },
		.nested = d->nested.v,
		.landlock = { d->landlock_files.v, d->landlock_scope.v, d->landlock_tcp.v,
			      d->landlock_ports, d->n_landlock_ports },
		.masked_paths = d->masked_paths,
		.n_masked_paths = d->n_masked_paths,
		.readonly_paths = d->readonly_paths,
		.n_readonly_paths = d->n_readonly_paths,
		.mounts = { d->mounts_screen.v, d->mounts_allow, d->n_mounts_allow, d->engine_roots,
			    d->n_engine_roots, d->projects, d->hide, d->show, d->n_hide,
			    d->n_show, 0, 0 },
		.env = { d->env_screen.v, d->env_strict.v, d->env_allow, d->env_keep,
			 d->n_env_allow, d->n_env_keep },
		.egress = { learn ? (int)NET_EGRESS : d->egress_mode,
			    d->egress_via == VIA_HOST ? "host" : "engine",
			    (uint16_t)(d->egress_port.set ? d->egress_port.v : DEFAULT_PORT), learn,
			    allow.v, allow.n, d->egress_deny.v, d->egress_deny.n },
	};
	p->seccomp = d->nested.v ? nested_seccomp(a, d->seccomp.v) : d->seccomp.v;
	if (p->egress.mode == NET_EGRESS || p->egress.mode == NET_NONE)
		p->seccomp = ping_refused(a, p->seccomp);
	(void)profile_doc_ids(d->root_projects_as, &p->mounts.root_as_uid,
			      &p->mounts.root_as_gid); /* was checked */
	for (size_t i = 0; i < d->n_ns_shared; i++)
		p->ns_shared |= 1u << d->ns_shared[i];
	return p;
}

/* What a document says of itself is not inherited. */
static int decode_over(struct arena *a, const struct json *root, const char *name,
		       struct profile_doc *d, struct err *e)
{
	d->name = d->extends = d->description = NULL;
	return profile_doc_decode(a, root, name, d, e);
}

static int parse(struct arena *a, const char *text, size_t len, const char *name,
		 struct json **ret_root, struct err *e)
{
	if (len > PROFILE_MAX_BYTES)
		return err_set(e, ERR_INPUT, "%s: more than %u bytes", name, PROFILE_MAX_BYTES);
	return json_parse_commented(a, text, len, name, ret_root, e);
}

int profile_parse(struct arena *a, const char *text, size_t len, const char *name,
		  struct profile **ret_profile, struct err *e)
{
	struct profile_doc *d = arena_alloc(a, 1, sizeof(*d));
	struct json *root;

	field_init(&profile_table, d);
	if (parse(a, text, len, name, &root, e) || decode_over(a, root, name, d, e))
		return -1;
	*ret_profile = to_profile(a, d);
	return 0;
}

int profile_over(struct arena *a, const struct profile *parent, const struct json *child,
		 const char *name, struct profile **ret_profile, struct err *e)
{
	struct profile_doc *d = arena_alloc(a, 1, sizeof(*d));

	*d = *parent->doc;
	if (decode_over(a, child, name, d, e))
		return -1;
	*ret_profile = to_profile(a, d);
	(*ret_profile)->name = parent->name;
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

struct document {
	const char *name, *origin; /* as looked up; as messages call it */
	struct json *root;
};

/* One document's text: the administrator's unless @builtin, then the built-in. */
static int find_text(struct loader *l, const char *name, bool *builtin, const char **ret_text,
		     size_t *ret_len, const char **ret_origin, struct err *e)
{
	const char *text = NULL, *origin = NULL;
	size_t len = 0;

	if (!*builtin && l->read(l->ctx, l->a, name, &text, &len, &origin, e))
		return -1;
	if (!text) {
		text = profile_builtin(name);
		len = text ? strlen(text) : 0;
		*builtin = true;
		origin = arena_printf(l->a, "built-in profile %s", name);
	}
	if (!text)
		return err_set(e, ERR_INPUT,
			       "profile \"%s\" does not exist: there is no " PROFILE_DIR
			       "/%s.json and it is none of the built-in agent, "
			       "agent-strict and oci",
			       name, name);
	*ret_text = text;
	*ret_len = len;
	*ret_origin = origin;
	return 0;
}

/* The document that is asked for and those that it extends. */
static int collect(struct loader *l, const char *name, struct document *docs, size_t *ret_n,
		   struct err *e)
{
	bool builtin = false;

	for (size_t n = 0; n < PROFILE_MAX_DEPTH; n++) {
		struct document *d = &docs[n];
		const struct json *parent;
		const char *text = NULL;
		size_t len = 0;

		d->name = name;
		if (find_text(l, name, &builtin, &text, &len, &d->origin, e) ||
		    parse(l->a, text, len, d->origin, &d->root, e))
			return -1;
		parent = json_get(d->root, "extends");
		if (!parent || parent->type != JSON_STRING ||
		    !profile_name_is_valid(parent->text)) {
			*ret_n = n + 1; /* the last one, or one that decoding will refuse */
			return 0;
		}
		builtin = builtin || streq(parent->text, name);
		name = parent->text;
	}
	return err_set(e, ERR_INPUT,
		       "profile \"%s\": extends goes in a circle or more than %d profiles deep",
		       docs[0].name, PROFILE_MAX_DEPTH);
}

static int decode_chain(struct arena *a, const struct document *docs, size_t n,
			struct profile_doc *d, struct err *e)
{
	field_init(&profile_table, d);
	while (n--) {
		if (decode_over(a, docs[n].root, docs[n].origin, d, e))
			return -1;
		if (d->name && !streq(d->name, docs[n].name))
			return err_set(e, ERR_INPUT,
				       "%s: name says \"%s\", but it was looked up as \"%s\"",
				       docs[n].origin, d->name, docs[n].name);
	}
	return 0;
}

static int load(struct loader *l, const char *name, struct document *docs, size_t *ret_n,
		struct profile **ret_profile, struct err *e)
{
	struct profile_doc *d = arena_alloc(l->a, 1, sizeof(*d));
	struct profile *p;

	if (!profile_name_is_valid(name))
		return err_set(e, ERR_USAGE, "profile name \"%.80s\" must be of a-z, 0-9 and \"-\"",
			       name);
	name = arena_strdup(l->a, name);
	if (collect(l, name, docs, ret_n, e) || decode_chain(l->a, docs, *ret_n, d, e))
		return -1;
	p = to_profile(l->a, d);
	p->name = name;
	if (!p->complete)
		return err_set(e, ERR_INPUT,
			       "profile \"%s\": %s is missing: say it, or extend a "
			       "profile that does",
			       name, profile_doc_missing(d));
	*ret_profile = p;
	return 0;
}

int profile_load(struct arena *a, const char *name, profile_reader *read, void *ctx,
		 struct profile **ret_profile, struct err *e)
{
	struct loader l = { a, read, ctx };
	struct document docs[PROFILE_MAX_DEPTH] = { 0 };
	size_t n = 0;

	return load(&l, name, docs, &n, ret_profile, e);
}

/* ---- the effective document ---- */

static const struct field_table *section(const struct field_table *t, const char *key)
{
	for (const struct field *f = t->fields; f->name; f++)
		if (f->type == F_OBJECT && streq(f->name, key))
			return f->arg;
	return NULL;
}

/* @child over @parent, by the same rule as decoding: sections member by member, all else whole. */
static struct json *merge(struct arena *a, const struct field_table *t, const struct json *parent,
			  const struct json *child)
{
	struct json *out = arena_alloc(a, 1, sizeof(*out)), **tail = &out->child;

	*out = *child;
	for (const struct json *m = parent->child; m; m = m->next) {
		const struct json *over = json_get(child, m->key);
		const struct field_table *sub = section(t, m->key);

		*tail = arena_alloc(a, 1, sizeof(**tail));
		**tail = over ? (sub ? *merge(a, sub, m, over) : *over) : *m;
		tail = &(*tail)->next;
	}
	for (const struct json *m = child->child; m; m = m->next) {
		if (json_get(parent, m->key))
			continue;
		*tail = arena_alloc(a, 1, sizeof(**tail));
		**tail = *m;
		tail = &(*tail)->next;
	}
	*tail = NULL;
	return out;
}

static void drop(struct json *object, const char *key)
{
	for (struct json **m = &object->child; *m; m = &(*m)->next) {
		if (!streq((*m)->key, key))
			continue;
		*m = (*m)->next;
		break;
	}
}

int profile_effective(struct arena *a, const char *name, profile_reader *read, void *ctx,
		      struct json **ret_doc, struct err *e)
{
	struct loader l = { a, read, ctx };
	struct document docs[PROFILE_MAX_DEPTH] = { 0 };
	struct profile *p;
	struct json *doc;
	size_t n = 0;

	if (load(&l, name, docs, &n, &p, e))
		return -1;
	for (doc = docs[--n].root; n--;) {
		if (!json_get(docs[n].root, "name")) /* not inherited */
			drop(doc, "name");
		if (!json_get(docs[n].root, "description"))
			drop(doc, "description");
		doc = merge(a, &profile_table, doc, docs[n].root);
	}
	drop(doc, "extends");
	*ret_doc = doc;
	return 0;
}
