/* SPDX-License-Identifier: Apache-2.0 */
/* json_tree.c - walking and writing a tree of JSON values */
#include <stdlib.h>

#include "spec/json.h"

const char *json_type_name(enum json_type t)
{
	static const char *const name[] = {
		[JSON_NULL] = "null",	    [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return name[t];
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *v = object->child; v; v = v->next)
		if (streq(v->key, key))
			return v;
	return NULL;
}

/* The member or element that @path begins with; *path moves behind it. */
static const struct json *step(const struct json *v, const char **path)
{
	const char *s = *path, *end;
	size_t n;

	if (*s == '[') {
		unsigned long i = strtoul(s + 1, NULL, 10);

		end = strchr(s, ']');
		*path = end ? end + 1 : s + strlen(s);
		for (v = v->type == JSON_ARRAY ? v->child : NULL; v && i; i--)
			v = v->next;
		return v;
	}
	s += *s == '.';
	n = strcspn(s, ".[");
	*path = s + n;
	for (v = v->type == JSON_OBJECT ? v->child : NULL; v; v = v->next)
		if (strncmp(v->key, s, n) == 0 && v->key[n] == '\0')
			return v;
	return NULL;
}

const struct json *json_at(const struct json *root, const char *path)
{
	const struct json *v = root, *next;

	while (*path && (next = step(v, &path)))
		v = next;
	return v;
}

static void write_members(struct strbuf *b, const struct json *v)
{
	for (const struct json *m = v->child; m; m = m->next) {
		if (m != v->child)
			strbuf_adds(b, ",");
		if (v->type == JSON_OBJECT) {
			strbuf_add_json(b, m->key);
			strbuf_adds(b, ":");
		}
		json_write(b, m);
	}
}

/* The depth is bounded by JSON_MAX_DEPTH. */
void json_write(struct strbuf *b, const struct json *v)
{
	switch (v->type) {
	case JSON_NULL:
		strbuf_adds(b, "null");
		break;
	case JSON_BOOL:
		strbuf_adds(b, v->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		strbuf_adds(b, v->text);
		break;
	case JSON_STRING:
		strbuf_add_json(b, v->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		strbuf_adds(b, v->type == JSON_ARRAY ? "[" : "{");
		write_members(b, v);
		strbuf_adds(b, v->type == JSON_ARRAY ? "]" : "}");
		break;
	case JSON__COUNT:
	default:
		break;
	}
}
