/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field_decode.c - from a tree of JSON values into structs, by their tables
 *
 * Members are taken in the document's order. One function a field type; arrays are made at their
 * final size, because the tree knows its counts.
 */
#include "spec/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "spec/oci.h"

#define MEMBER(type, obj, off) (*(type *)((char *)(obj) + (off)))

/* ---- where we stand, and messages ---- */

static void add_path(struct field_ctx *c, size_t *at, const char *s, size_t n)
{
	size_t room = sizeof(c->path) - 1 - *at;

	n = n < room ? n : room;
	memcpy(c->path + *at, s, n);
	*at += n;
	c->path[*at] = '\0';
}

/* For each value of a document: no printf. */
static void add_index(struct field_ctx *c, size_t *at, size_t index)
{
	char text[STR_U64_MAX + 2], *end = text + sizeof(text), *p;

	end[-1] = ']';
	p = str_u64(end - 1, index);
	*--p = '[';
	add_path(c, at, p, (size_t)(end - p));
}

size_t field_enter(struct field_ctx *c, const char *key, size_t index)
{
	size_t mark = strlen(c->path), at = mark;
	char name[64];

	if (!key) {
		add_index(c, &at, index);
		return mark;
	}
	str_printable(name, sizeof(name), key);
	if (mark)
		add_path(c, &at, ".", 1);
	add_path(c, &at, name, strlen(name));
	return mark;
}

void field_leave(struct field_ctx *c, size_t mark)
{
	c->path[mark] = '\0';
}

int field_fail(const struct field_ctx *c, const struct json *v, struct err *e, enum err_kind kind,
	       const char *fmt, ...)
{
	char msg[ERR_MSG_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (v->line == 0) /* made by us, not read from a text */
		return err_set(e, kind, "%s: %s", c->name, msg);
	return err_set(e, kind, "%s:%u:%u: %s%s%s", c->name, v->line, v->column, c->path,
		       c->path[0] ? ": " : "", msg);
}

int field_type_is(const struct field_ctx *c, const struct json *v, enum json_type want,
		  struct err *e)
{
	if (v->type == want)
		return 0;
	return field_fail(c, v, e, ERR_INPUT, "must be %s, is %s", json_type_name(want),
			  json_type_name(v->type));
}

int field_name_value(const struct field_ctx *c, const struct name_table *t, const struct json *v,
		     uint64_t *ret_value, struct err *e)
{
	char got[64];

	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	if (name_find(t, v->text, ret_value))
		return 0;
	str_printable(got, sizeof(got), v->text);
	return field_fail(c, v, e, ERR_INPUT, "unknown %s \"%s\"", t->what, got);
}

/* ---- numbers ---- */

static int fail_number(const struct field_ctx *c, const struct json *v, const char *range,
		       struct err *e)
{
	char got[32];

	str_printable(got, sizeof(got), v->text);
	return field_fail(c, v, e, ERR_INPUT, "%s is not an integer %s", got, range);
}

static int to_u32(const struct field_ctx *c, const struct json *v, uint32_t *ret_v, struct err *e)
{
	if (field_type_is(c, v, JSON_NUMBER, e))
		return -1;
	return str_to_u32(v->text, ret_v) ? 0 : fail_number(c, v, "from 0 to 4294967295", e);
}

static int to_u64(const struct field_ctx *c, const struct json *v, uint64_t *ret_v, struct err *e)
{
	if (field_type_is(c, v, JSON_NUMBER, e))
		return -1;
	return str_to_u64(v->text, ret_v) ? 0 : fail_number(c, v, "from 0 to 2^64-1", e);
}

static int to_i64(const struct field_ctx *c, const struct json *v, int64_t *ret_v, struct err *e)
{
	if (field_type_is(c, v, JSON_NUMBER, e))
		return -1;
	return str_to_i64(v->text, ret_v) ? 0 : fail_number(c, v, "from -2^63 to 2^63-1", e);
}

static int decode_u32(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		      struct err *e)
{
	return to_u32(c, v, &MEMBER(uint32_t, obj, f->offset), e);
}

static int decode_i32(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		      struct err *e)
{
	int64_t n;

	if (field_type_is(c, v, JSON_NUMBER, e))
		return -1;
	if (!str_to_i64(v->text, &n) || n < INT32_MIN || n > INT32_MAX)
		return fail_number(c, v, "from -2147483648 to 2147483647", e);
	MEMBER(int32_t, obj, f->offset) = (int32_t)n;
	return 0;
}

static int decode_u64(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		      struct err *e)
{
	return to_u64(c, v, &MEMBER(uint64_t, obj, f->offset), e);
}

static int decode_i64(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		      struct err *e)
{
	return to_i64(c, v, &MEMBER(int64_t, obj, f->offset), e);
}

static int decode_opt_u32(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	struct opt_u32 o = { .set = true };

	if (to_u32(c, v, &o.v, e))
		return -1;
	MEMBER(struct opt_u32, obj, f->offset) = o;
	return 0;
}

static int decode_opt_u64(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	struct opt_u64 o = { .set = true };

	if (to_u64(c, v, &o.v, e))
		return -1;
	MEMBER(struct opt_u64, obj, f->offset) = o;
	return 0;
}

static int decode_opt_i64(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	struct opt_i64 o = { .set = true };

	if (to_i64(c, v, &o.v, e))
		return -1;
	MEMBER(struct opt_i64, obj, f->offset) = o;
	return 0;
}

/* ---- other scalars ---- */

static int decode_string(struct field_ctx *c, const struct field *f, const struct json *v,
			 void *obj, struct err *e)
{
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	MEMBER(const char *, obj, f->offset) = v->text;
	return 0;
}

static int decode_bool(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		       struct err *e)
{
	if (field_type_is(c, v, JSON_BOOL, e))
		return -1;
	MEMBER(bool, obj, f->offset) = v->boolean;
	return 0;
}

static int decode_opt_bool(struct field_ctx *c, const struct field *f, const struct json *v,
			   void *obj, struct err *e)
{
	if (field_type_is(c, v, JSON_BOOL, e))
		return -1;
	MEMBER(struct opt_bool, obj, f->offset) = (struct opt_bool){ true, v->boolean };
	return 0;
}

static int decode_enum(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		       struct err *e)
{
	uint64_t value;

	if (field_name_value(c, f->arg, v, &value, e))
		return -1;
	MEMBER(int, obj, f->offset) = (int)(uint32_t)value;
	return 0;
}

/* ---- arrays ---- */

typedef int element_fn(struct field_ctx *c, const struct field *f, const struct json *v, void *at,
		       struct err *e);

/* Each element of a JSON array (or member of an object) into an array of @size bytes each. */
static int decode_each(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		       size_t size, element_fn *fn, struct err *e)
{
	char *arr = v->n ? arena_alloc(c->a, v->n, size) : NULL;
	size_t i = 0;

	for (const struct json *m = v->child; m; m = m->next, i++) {
		size_t mark = field_enter(c, m->key, i);

		if (fn(c, f, m, arr + i * size, e))
			return -1;
		field_leave(c, mark);
	}
	MEMBER(void *, obj, f->offset) = arr;
	MEMBER(size_t, obj, f->offset2) = v->n;
	return 0;
}

static int decode_array(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
			size_t size, element_fn *fn, struct err *e)
{
	if (field_type_is(c, v, JSON_ARRAY, e))
		return -1;
	return decode_each(c, f, v, obj, size, fn, e);
}

static int element_string(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *at, struct err *e)
{
	(void)f;
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	*(const char **)at = v->text;
	return 0;
}

static int element_u32(struct field_ctx *c, const struct field *f, const struct json *v, void *at,
		       struct err *e)
{
	(void)f;
	return to_u32(c, v, at, e);
}

static int element_enum(struct field_ctx *c, const struct field *f, const struct json *v, void *at,
			struct err *e)
{
	uint64_t value;

	if (field_name_value(c, f->arg, v, &value, e))
		return -1;
	*(int *)at = (int)(uint32_t)value;
	return 0;
}

static int element_object(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *at, struct err *e)
{
	field_init(f->arg, at);
	return field_decode(c, f->arg, v, at, e);
}

static int element_keyed(struct field_ctx *c, const struct field *f, const struct json *v, void *at,
			 struct err *e)
{
	field_init(f->arg, at);
	*(const char **)at = v->key;
	return field_decode(c, f->arg, v, at, e);
}

static int element_pair(struct field_ctx *c, const struct field *f, const struct json *v, void *at,
			struct err *e)
{
	(void)f;
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an element of what the caller allocated */
	*(struct oci_kv *)at = (struct oci_kv){ v->key, v->text };
	return 0;
}

static int decode_strings(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	return decode_array(c, f, v, obj, sizeof(const char *), element_string, e);
}

static int decode_u32s(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		       struct err *e)
{
	return decode_array(c, f, v, obj, sizeof(uint32_t), element_u32, e);
}

static int decode_enums(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
			struct err *e)
{
	return decode_array(c, f, v, obj, sizeof(int), element_enum, e);
}

static int decode_objects(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	const struct field_table *t = f->arg;

	return decode_array(c, f, v, obj, t->size, element_object, e);
}

static int decode_keyed(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
			struct err *e)
{
	const struct field_table *t = f->arg;

	if (field_type_is(c, v, JSON_OBJECT, e))
		return -1;
	return decode_each(c, f, v, obj, t->size, element_keyed, e);
}

static int decode_map(struct field_ctx *c, const struct field *f, const struct json *v, void *obj,
		      struct err *e)
{
	if (field_type_is(c, v, JSON_OBJECT, e))
		return -1;
	return decode_each(c, f, v, obj, sizeof(struct oci_kv), element_pair, e);
}

/* ---- sets of names ---- */

static int decode_set(struct field_ctx *c, const struct field *f, const struct json *v,
		      uint64_t *ret_set, struct err *e)
{
	uint64_t set = 0, value;
	size_t i = 0;

	if (field_type_is(c, v, JSON_ARRAY, e))
		return -1;
	for (const struct json *m = v->child; m; m = m->next, i++) {
		size_t mark = field_enter(c, NULL, i);

		if (field_name_value(c, f->arg, m, &value, e))
			return -1;
		field_leave(c, mark);
		set |= f->type == F_BITS64 ? UINT64_C(1) << (value & 63) : value;
	}
	*ret_set = set;
	return 0;
}

static int decode_flags64(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	return decode_set(c, f, v, &MEMBER(uint64_t, obj, f->offset), e);
}

static int decode_flags32(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	uint64_t set;

	if (decode_set(c, f, v, &set, e))
		return -1;
	MEMBER(uint32_t, obj, f->offset) = (uint32_t)set;
	return 0;
}

/* ---- objects ---- */

static int decode_object(struct field_ctx *c, const struct field *f, const struct json *v,
			 void *obj, struct err *e)
{
	if (field_decode(c, f->arg, v, (char *)obj + f->offset, e))
		return -1;
	if (f->offset2)
		MEMBER(bool, obj, f->offset2) = true;
	return 0;
}

static int decode_object_ptr(struct field_ctx *c, const struct field *f, const struct json *v,
			     void *obj, struct err *e)
{
	const struct field_table *t = f->arg;
	void *child = arena_alloc(c->a, 1, t->size);

	field_init(t, child);
	if (field_decode(c, t, v, child, e))
		return -1;
	MEMBER(void *, obj, f->offset) = child;
	return 0;
}

static int decode_custom(struct field_ctx *c, const struct field *f, const struct json *v,
			 void *obj, struct err *e)
{
	const struct field_custom *custom = f->arg;

	return custom->decode(c, v, (char *)obj + f->offset, e);
}

static int decode_ignored(struct field_ctx *c, const struct field *f, const struct json *v,
			  void *obj, struct err *e)
{
	(void)c, (void)f, (void)v, (void)obj, (void)e;
	return 0;
}

static int decode_unsupported(struct field_ctx *c, const struct field *f, const struct json *v,
			      void *obj, struct err *e)
{
	(void)obj;
	if (v->type == JSON_ARRAY && v->n == 0)
		return 0;
	return field_fail(c, v, e, ERR_UNSUPPORTED, "not implemented by agentrt (%s)", f->section);
}

static int (*const decoder[])(struct field_ctx *, const struct field *, const struct json *, void *,
			      struct err *) = {
	[F_STRING] = decode_string,	    [F_BOOL] = decode_bool,
	[F_U32] = decode_u32,		    [F_I32] = decode_i32,
	[F_U64] = decode_u64,		    [F_I64] = decode_i64,
	[F_OPT_BOOL] = decode_opt_bool,	    [F_OPT_U32] = decode_opt_u32,
	[F_OPT_U64] = decode_opt_u64,	    [F_OPT_I64] = decode_opt_i64,
	[F_ENUM] = decode_enum,		    [F_FLAGS32] = decode_flags32,
	[F_FLAGS64] = decode_flags64,	    [F_BITS64] = decode_flags64,
	[F_STRINGS] = decode_strings,	    [F_U32S] = decode_u32s,
	[F_ENUMS] = decode_enums,	    [F_OBJECT] = decode_object,
	[F_OBJECT_PTR] = decode_object_ptr, [F_OBJECTS] = decode_objects,
	[F_KEYED] = decode_keyed,	    [F_MAP] = decode_map,
	[F_CUSTOM] = decode_custom,	    [F_IGNORED] = decode_ignored,
	[F_UNSUPPORTED] = decode_unsupported,
};
TABLE_CHECK(decoder, F__COUNT);

/* ---- tables ---- */

void field_init(const struct field_table *t, void *obj)
{
	for (const struct field *f = t->fields; f->name; f++) {
		if (f->type == F_ENUM)
			MEMBER(int, obj, f->offset) = -1;
		else if (f->type == F_OBJECT)
			field_init(f->arg, (char *)obj + f->offset);
	}
}

static const struct field *find_row(const struct field_table *t, const char *name)
{
	for (const struct field *f = t->fields; f->name; f++)
		if (streq(f->name, name))
			return f;
	return NULL;
}

static bool counts_as_absent(const struct field_ctx *c, const struct field *f, const struct json *v)
{
	if (c->unknown_is_error)
		return false;
	return v->type == JSON_NULL ||
	       (f->type == F_STRING && v->type == JSON_STRING && v->text[0] == '\0');
}

static int check_required(struct field_ctx *c, const struct field_table *t, const struct json *v,
			  uint64_t seen, struct err *e)
{
	for (const struct field *f = t->fields; f->name; f++)
		if (f->need == FIELD_REQUIRED && !(seen >> (f - t->fields) & 1))
			return field_fail(c, v, e, ERR_INPUT, "property \"%s\" is required",
					  f->name);
	return 0;
}

int field_decode(struct field_ctx *c, const struct field_table *t, const struct json *v, void *obj,
		 struct err *e)
{
	uint64_t seen = 0;

	if (field_type_is(c, v, JSON_OBJECT, e))
		return -1;
	for (const struct json *m = v->child; m; m = m->next) {
		const struct field *f = find_row(t, m->key);
		size_t mark = field_enter(c, m->key, 0);

		if (!f && c->unknown_is_error)
			return field_fail(c, m, e, ERR_INPUT, "unknown property of %s", t->what);
		if (f && !counts_as_absent(c, f, m)) {
			if (decoder[f->type](c, f, m, obj, e))
				return -1;
			seen |= UINT64_C(1) << (f - t->fields);
		}
		field_leave(c, mark);
	}
	return check_required(c, t, v, seen, e);
}
