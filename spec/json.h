/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON text to a tree of values in an arena; json.c is the only user of yajl
 *
 * yajl is used through its streaming callbacks only (yajl_tree_parse leaks, lloyd/yajl #250).
 * Hostile input is bounded: document bytes by the caller, depth and values here; duplicate keys
 * are refused, as are NUL and malformed UTF-8 in strings; numbers are kept as text, because seccomp values reach 2^64-1.
 */
#ifndef SPEC_JSON_H
#define SPEC_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define JSON_MAX_DEPTH	64u
#define JSON_MAX_VALUES 200000u

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT, JSON__COUNT };

struct json {
	enum json_type type;
	unsigned line, column; /* 1-based, in bytes, of the value's first byte */
	const char *key;       /* member name inside an object, else NULL */
	bool boolean;
	const char *text; /* STRING: decoded, no NUL inside (refused); NUMBER: as written */
	struct json *child, *next; /* ARRAY, OBJECT: members in file order */
	size_t n;		   /* number of children */
};

/* @name goes into messages: "config.json:12:8: ..." */
int json_parse(struct arena *a, const char *text, size_t len, const char *name,
	       struct json **ret_root, struct err *e);
/* json_parse_commented() - the same for files that people write: slash-star and slash-slash comments
 * count as white space */
int json_parse_commented(struct arena *a, const char *text, size_t len, const char *name,
			 struct json **ret_root, struct err *e);
const struct json *json_get(const struct json *object, const char *key); /* NULL: absent */
/* json_at() - the value at "mounts.allow[2]"; where that is not there, what is nearest above it */
const struct json *json_at(const struct json *root, const char *path);
const char *json_type_name(enum json_type t); /* "a string", "an object" ... */

/* json_write() - append as compact JSON text */
void json_write(struct strbuf *b, const struct json *v);

/* json_indent() - append valid compact JSON text with line breaks and tabs, as people read it */
void json_indent(struct strbuf *b, const char *text);

#endif
