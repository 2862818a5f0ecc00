/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_schema.c - the JSON Schemas of profiles and settings say what the tables decode, no more and no
 * less; the built-in profiles and the manual's examples satisfy them; the manual has every member
 *
 * The validator knows the part of JSON Schema that the two files use; a keyword that it does not
 * know fails the test.
 */
#include <regex.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/builtin.h"
#include "profiles/narrow.h"
#include "profiles/profile_doc.h"
#include "profiles/settings.h"
#include "tests/unit/test.h"

static struct arena a = ARENA_INIT;
static const struct json *schema; /* of the document at hand: $ref is looked up in it */

static struct json *read_json(const char *path)
{
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	struct json *v = NULL;
	size_t len;

	if (fd_read_file(path, 1 << 20, &text, &len, &e) ||
	    json_parse(&a, arena_strdup(&a, text), len, path, &v, &e)) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	return v;
}

/* ---- a validator ---- */

static const struct json *deref(const struct json *s)
{
	const struct json *ref = json_get(s, "$ref");
	static const char prefix[] = "#/$defs/";

	if (!ref || !str_has_prefix(ref->text, prefix))
		return s;
	return json_get(json_get(schema, "$defs"), ref->text + strlen(prefix));
}

static bool is_equal(const struct json *x, const struct json *y)
{
	return x->type == y->type && x->text && y->text && streq(x->text, y->text);
}

static bool is_type(const struct json *v, const char *type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	  [JSON_BOOL] = "boolean", [JSON_NUMBER] = "integer",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
	};
	TABLE_CHECK(names, JSON__COUNT);

	return streq(names[v->type], type);
}

static bool matches(const char *pattern, const char *s)
{
	regex_t re;
	bool ok;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	ok = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static bool is_valid(const struct json *s, const struct json *v, const char **why);

static bool one_of(const struct json *alternatives, const struct json *v)
{
	const char *ignored = NULL;
	int hits = 0;

	for (const struct json *m = alternatives->child; m; m = m->next)
		hits += is_valid(m, v, &ignored);
	return hits == 1;
}

static bool is_in(const struct json *list, const struct json *v)
{
	for (const struct json *m = list->child; m; m = m->next)
		if (is_equal(m, v))
			return true;
	return false;
}

static bool has_all(const struct json *names, const struct json *v)
{
	for (const struct json *m = names->child; m; m = m->next)
		if (!json_get(v, m->text))
			return false;
	return true;
}

static bool members_valid(const struct json *s, const struct json *v, const char **why)
{
	const struct json *props = json_get(s, "properties"), *items = json_get(s, "items");

	for (const struct json *m = v->child; m; m = m->next) {
		const struct json *sub = v->type == JSON_ARRAY ? items : json_get(props, m->key);

		if (!sub && v->type == JSON_OBJECT && json_get(s, "additionalProperties"))
			*why = m->key;
		else if (!sub || is_valid(sub, m, why))
			continue;
		return false;
	}
	return true;
}

static double number(const struct json *v)
{
	return strtod(v->text, NULL);
}

/* One keyword; *why is what it was about when it fails. */
static bool keyword(const struct json *k, const struct json *v, const char **why)
{
	const char *known[] = { "description", "$defs", "$schema", "title", "properties",
				"items",       "additionalProperties" };

	*why = k->key;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(k->key, known[i]))
			return true;
	if (streq(k->key, "type"))
		return is_type(v, k->text);
	if (streq(k->key, "enum"))
		return is_in(k, v);
	if (streq(k->key, "const"))
		return is_equal(k, v);
	if (streq(k->key, "oneOf"))
		return one_of(k, v);
	if (streq(k->key, "pattern"))
		return v->type != JSON_STRING || matches(k->text, v->text);
	if (streq(k->key, "minimum"))
		return v->type != JSON_NUMBER || number(v) >= number(k);
	if (streq(k->key, "maximum"))
		return v->type != JSON_NUMBER || number(v) <= number(k);
	if (streq(k->key, "minItems"))
		return v->n >= number(k);
	if (streq(k->key, "maxItems"))
		return v->n <= number(k);
	if (streq(k->key, "required"))
		return has_all(k, v);
	return false;
}

static bool is_valid(const struct json *s, const struct json *v, const char **why)
{
	s = deref(s);
	for (const struct json *k = s->child; k; k = k->next)
		if (!keyword(k, v, why))
			return false;
	return members_valid(s, v, why);
}

/* ---- the tables ---- */

static const struct {
	enum field_type type;
	const char *schema;
} types[] = {
	{ F_STRING, "string" },	 { F_BOOL, "boolean" },	   { F_OPT_BOOL, "boolean" },
	{ F_U32, "integer" },	 { F_U64, "integer" },	   { F_OPT_U32, "integer" },
	{ F_OPT_U64, "integer" }, { F_OPT_I64, "integer" }, { F_STRINGS, "array" },
	{ F_ENUMS, "array" },	 { F_BITS64, "array" },	   { F_FLAGS32, "array" },
	{ F_OBJECTS, "array" },	 { F_OBJECT, "object" }, { F_U32S, "array" },
};

static bool type_agrees(const struct field *f, const struct json *s)
{
	const struct json *type = json_get(s, "type");

	if (json_get(s, "const") || json_get(s, "oneOf") || f->type == F_CUSTOM)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == f->type)
			return type && streq(type->text, types[i].schema);
	return f->type == F_ENUM;
}

/* The names that the table knows, and no others; a pattern stands for long lists of numbers' names.
 */
static bool names_agree(const struct name_table *t, const struct json *s)
{
	const struct json *names = json_get(deref(s), "enum");
	struct json name = { .type = JSON_STRING };

	if (json_get(deref(s), "pattern"))
		return true;
	for (size_t i = 0; names && i < t->n; i++) {
		name.text = t->rows[i].name;
		if (!is_in(names, &name))
			return false;
	}
	for (const struct json *m = names ? names->child : NULL; m; m = m->next) {
		uint64_t value;

		if (!name_find(t, m->text, &value))
			return false;
	}
	return names;
}

static void compare(const struct field_table *t, const struct json *s, const char *path);

static void compare_row(const struct field *f, const struct json *s, const char *path)
{
	const struct json *items = json_get(s, "items");
	bool names = f->type == F_ENUM || f->type == F_ENUMS || f->type == F_BITS64 ||
		     f->type == F_FLAGS32;

	if (!type_agrees(f, s))
		t_note("%s: another type", path);
	t_ok(type_agrees(f, s) && (!names || names_agree(f->arg, items ? items : s)), path);
	if (f->type == F_OBJECT)
		compare(f->arg, s, path);
	if (f->type == F_OBJECTS)
		compare(f->arg, deref(items), path);
}

static const struct field *find(const struct field_table *t, const char *name)
{
	for (const struct field *f = t->fields; f->name; f++)
		if (streq(f->name, name))
			return f;
	return NULL;
}

static void compare(const struct field_table *t, const struct json *s, const char *path)
{
	const struct json *props = json_get(s, "properties"), *more = json_get(s, "additionalProperties");

	t_ok(more && more->type == JSON_BOOL && !more->boolean,
	     arena_printf(&a, "%s: an unknown member is refused", path));
	for (const struct field *f = t->fields; f->name; f++) {
		const char *sub = arena_printf(&a, "%s%s%s", path, path[0] ? "." : "", f->name);
		const struct json *m = json_get(props, f->name);

		if (m)
			compare_row(f, deref(m), sub);
		else
			t_ok(false, arena_printf(&a, "%s is in the schema", sub));
	}
	for (const struct json *m = props ? props->child : NULL; m; m = m->next)
		if (!find(t, m->key))
			t_ok(false, arena_printf(&a, "%s.%s is decoded", path, m->key));
}

/* ---- members: what narrower means, and the manual ---- */

static void members(const struct field_table *t, const char *prefix, const char *man, bool profile)
{
	for (const struct field *f = t->fields; f->name; f++) {
		const char *path = arena_printf(&a, "%s%s%s", prefix, prefix[0] ? "." : "", f->name);

		if (f->type == F_OBJECT) {
			members(f->arg, path, man, profile);
			continue;
		}
		if (!t_ok(strstr(man, path), arena_printf(&a, "%s is in the manual", path)))
			t_note("add it to man/");
		if (profile)
			t_ok(narrow_knows(path),
			     arena_printf(&a, "%s has a row that says what narrower means", path));
	}
}

static char *read_text(const char *path)
{
	auto_free char *text = NULL;
	struct err e = ERR_INIT;

	if (fd_read_file(path, 1 << 20, &text, NULL, &e)) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	return arena_strdup(&a, text);
}

/* Each .EX block that is an object. */
static void examples(const char *man, const char *what)
{
	const char *why = NULL;
	int n = 0;

	for (const char *s = man; (s = strstr(s, "\n.EX\n{")); n++) {
		const char *begin = s + strlen("\n.EX\n"), *end = strstr(begin, "\n.EE");
		struct err e = ERR_INIT;
		struct json *v;
		bool ok = end && json_parse_commented(&a, begin, (size_t)(end - begin), what, &v,
						      &e) == 0 &&
			  is_valid(schema, v, &why);

		if (!t_ok(ok, arena_printf(&a, "%s: example %d is valid", what, n)))
			t_note("%s %s", e.msg, why ? why : "");
		s = begin;
	}
	t_ok(n > 0, arena_printf(&a, "%s has examples", what));
}

static void builtins(void)
{
	for (const struct builtin_row *r = builtin_rows; r->name; r++) {
		struct err e = ERR_INIT;
		const char *why = NULL;
		struct json *v;

		if (!t_ok(json_parse(&a, r->text, strlen(r->text), r->name, &v, &e) == 0 &&
				  is_valid(schema, v, &why),
			  arena_printf(&a, "the built-in %s is valid", r->name)))
			t_note("%s %s", e.msg, why ? why : "");
	}
}

static void refused(void)
{
	static const char *const rows[] = {
		"{}",
		"{\"version\":2}",
		"{\"version\":1,\"x\":1}",
		"{\"version\":1,\"name\":\"A\"}",
		"{\"version\":1,\"userns\":\"no\"}",
		"{\"version\":1,\"root\":{\"dir\":\"x\"}}",
		"{\"version\":1,\"root\":{\"dir\":\"/x/\"}}",
		"{\"version\":1,\"capabilities\":{\"keep\":[\"SYS_ADMIN\"]}}",
		"{\"version\":1,\"egress\":{\"allow\":[\"host\"]}}",
		"{\"version\":1,\"egress\":{\"allow\":[{\"host\":\"a\"}]}}",
		"{\"version\":1,\"seccomp\":\"all\"}",
		"{\"version\":1,\"limits\":{\"pids\":-1}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *why = NULL;
		struct json *v;

		t_ok(json_parse(&a, rows[i], strlen(rows[i]), "row", &v, NULL) == 0 &&
			     !is_valid(schema, v, &why),
		     arena_printf(&a, "refused by the schema: %s", rows[i]));
	}
}

int main(void)
{
	const char *man = read_text(TOP "/man/agentrt-profile.5");

	schema = read_json(TOP "/profiles/schema/profile.schema.json");
	compare(&profile_table, schema, "");
	builtins();
	refused();
	examples(man, "agentrt-profile(5)");
	members(&profile_table, "", man, true);

	man = read_text(TOP "/man/agentrt.json.5");
	schema = read_json(TOP "/profiles/schema/settings.schema.json");
	compare(&settings_table, schema, "");
	examples(man, "agentrt.json(5)");
	members(&settings_table, "", man, false);
	arena_done(&a);
	return t_done();
}
