/* SPDX-License-Identifier: Apache-2.0 */
/* field_encode.c - from structs to compact JSON text, by the tables that decode it */
#include "spec/field.h"

#include "base/table.h"
#include "spec/oci.h"

#define MEMBER(type, obj, off) (*(type const *)((const char *)(obj) + (off)))

/* Each encoder prints the value of one member; false: there is nothing to say, omit it. */
typedef bool encode_fn(struct strbuf *b, const struct field *f, const void *obj);

static void cut(struct strbuf *b, size_t len)
{
	b->len = len;
	if (b->p)
		b->p[len] = '\0';
}

/* Zero means absent, unless the property is required. */
static bool is_said(const struct field *f, bool nonzero)
{
	return nonzero || f->need == FIELD_REQUIRED;
}

static bool put_u64(struct strbuf *b, uint64_t v)
{
	strbuf_add_u64(b, v);
	return true;
}

static bool put_i64(struct strbuf *b, int64_t v)
{
	strbuf_add_i64(b, v);
	return true;
}

static bool put_bool(struct strbuf *b, bool v)
{
	strbuf_adds(b, v ? "true" : "false");
	return true;
}

/* ---- scalars ---- */

static bool encode_string(struct strbuf *b, const struct field *f, const void *obj)
{
	const char *s = MEMBER(char *, obj, f->offset);

	if (!s)
		return false;
	strbuf_add_json(b, s);
	return true;
}

static bool encode_bool(struct strbuf *b, const struct field *f, const void *obj)
{
	bool v = MEMBER(bool, obj, f->offset);

	return is_said(f, v) && put_bool(b, v);
}

static bool encode_u32(struct strbuf *b, const struct field *f, const void *obj)
{
	uint32_t v = MEMBER(uint32_t, obj, f->offset);

	return is_said(f, v) && put_u64(b, v);
}

static bool encode_i32(struct strbuf *b, const struct field *f, const void *obj)
{
	int32_t v = MEMBER(int32_t, obj, f->offset);

	return is_said(f, v) && put_i64(b, v);
}

static bool encode_u64(struct strbuf *b, const struct field *f, const void *obj)
{
	uint64_t v = MEMBER(uint64_t, obj, f->offset);

	return is_said(f, v) && put_u64(b, v);
}

static bool encode_i64(struct strbuf *b, const struct field *f, const void *obj)
{
	int64_t v = MEMBER(int64_t, obj, f->offset);

	return is_said(f, v) && put_i64(b, v);
}

static bool encode_opt_bool(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct opt_bool *o = &MEMBER(struct opt_bool, obj, f->offset);

	return o->set && put_bool(b, o->v);
}

static bool encode_opt_u32(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct opt_u32 *o = &MEMBER(struct opt_u32, obj, f->offset);

	return o->set && put_u64(b, o->v);
}

static bool encode_opt_u64(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct opt_u64 *o = &MEMBER(struct opt_u64, obj, f->offset);

	return o->set && put_u64(b, o->v);
}

static bool encode_opt_i64(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct opt_i64 *o = &MEMBER(struct opt_i64, obj, f->offset);

	return o->set && put_i64(b, o->v);
}

static bool put_name(struct strbuf *b, const struct name_table *t, int v)
{
	const char *name = v == -1 ? NULL : name_of(t, (uint32_t)v);

	if (!name)
		return false;
	strbuf_add_json(b, name);
	return true;
}

static bool encode_enum(struct strbuf *b, const struct field *f, const void *obj)
{
	return put_name(b, f->arg, MEMBER(int, obj, f->offset));
}

/* ---- arrays: an array of no elements is absent, unless required ---- */

typedef void element_fn(struct strbuf *b, const struct field *f, const void *at);

static bool encode_array(struct strbuf *b, const struct field *f, const void *obj, size_t size,
			 element_fn *fn)
{
	const char *arr = MEMBER(char *, obj, f->offset);
	size_t n = MEMBER(size_t, obj, f->offset2);

	if (!is_said(f, n))
		return false;
	strbuf_adds(b, "[");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "," : "");
		fn(b, f, arr + i * size);
	}
	strbuf_adds(b, "]");
	return true;
}

static void element_string(struct strbuf *b, const struct field *f, const void *at)
{
	(void)f;
	strbuf_add_json(b, *(const char *const *)at);
}

static void element_u32(struct strbuf *b, const struct field *f, const void *at)
{
	(void)f;
	put_u64(b, *(const uint32_t *)at);
}

static void element_enum(struct strbuf *b, const struct field *f, const void *at)
{
	put_name(b, f->arg, *(const int *)at);
}

static void element_object(struct strbuf *b, const struct field *f, const void *at)
{
	field_encode(b, f->arg, at);
}

static bool encode_strings(struct strbuf *b, const struct field *f, const void *obj)
{
	return encode_array(b, f, obj, sizeof(const char *), element_string);
}

static bool encode_u32s(struct strbuf *b, const struct field *f, const void *obj)
{
	return encode_array(b, f, obj, sizeof(uint32_t), element_u32);
}

static bool encode_enums(struct strbuf *b, const struct field *f, const void *obj)
{
	return encode_array(b, f, obj, sizeof(int), element_enum);
}

static bool encode_objects(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct field_table *t = f->arg;

	return encode_array(b, f, obj, t->size, element_object);
}

/* ---- objects that are arrays of ours ---- */

static bool encode_keyed(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct field_table *t = f->arg;
	const char *arr = MEMBER(char *, obj, f->offset);
	size_t n = MEMBER(size_t, obj, f->offset2);

	if (!is_said(f, n))
		return false;
	strbuf_adds(b, "{");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, *(const char *const *)(arr + i * t->size));
		strbuf_adds(b, ":");
		field_encode(b, t, arr + i * t->size);
	}
	strbuf_adds(b, "}");
	return true;
}

static bool encode_map(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct oci_kv *kv = MEMBER(struct oci_kv *, obj, f->offset);
	size_t n = MEMBER(size_t, obj, f->offset2);

	if (!is_said(f, n))
		return false;
	strbuf_adds(b, "{");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, kv[i].key);
		strbuf_adds(b, ":");
		strbuf_add_json(b, kv[i].value);
	}
	strbuf_adds(b, "}");
	return true;
}

/* ---- sets of names ---- */

static bool put_set(struct strbuf *b, const struct field *f, uint64_t set)
{
	const struct name_table *t = f->arg;
	bool bits = f->type == F_BITS64;
	const char *comma = "";

	if (!is_said(f, set))
		return false;
	strbuf_adds(b, "[");
	for (size_t i = 0; i < t->n; i++) {
		uint64_t value = bits ? UINT64_C(1) << t->rows[i].value : t->rows[i].value;

		if ((set & value) != value)
			continue;
		strbuf_adds(b, comma);
		strbuf_add_json(b, t->rows[i].name);
		comma = ",";
	}
	strbuf_adds(b, "]");
	return true;
}

static bool encode_flags32(struct strbuf *b, const struct field *f, const void *obj)
{
	return put_set(b, f, MEMBER(uint32_t, obj, f->offset));
}

static bool encode_flags64(struct strbuf *b, const struct field *f, const void *obj)
{
	return put_set(b, f, MEMBER(uint64_t, obj, f->offset));
}

/* ---- objects ---- */

static bool encode_object(struct strbuf *b, const struct field *f, const void *obj)
{
	size_t before = b->len;

	if (f->offset2 && !MEMBER(bool, obj, f->offset2))
		return false;
	field_encode(b, f->arg, (const char *)obj + f->offset);
	return f->offset2 || is_said(f, b->len > before + 2);
}

static bool encode_object_ptr(struct strbuf *b, const struct field *f, const void *obj)
{
	const void *child = MEMBER(void *, obj, f->offset);

	if (!child)
		return false;
	field_encode(b, f->arg, child);
	return true;
}

static bool encode_custom(struct strbuf *b, const struct field *f, const void *obj)
{
	const struct field_custom *custom = f->arg;

	return custom->encode(b, (const char *)obj + f->offset);
}

static bool encode_nothing(struct strbuf *b, const struct field *f, const void *obj)
{
	(void)b, (void)f, (void)obj;
	return false;
}

static encode_fn *const encoder[] = {
	[F_STRING] = encode_string,	    [F_BOOL] = encode_bool,
	[F_U32] = encode_u32,		    [F_I32] = encode_i32,
	[F_U64] = encode_u64,		    [F_I64] = encode_i64,
	[F_OPT_BOOL] = encode_opt_bool,	    [F_OPT_U32] = encode_opt_u32,
	[F_OPT_U64] = encode_opt_u64,	    [F_OPT_I64] = encode_opt_i64,
	[F_ENUM] = encode_enum,		    [F_FLAGS32] = encode_flags32,
	[F_FLAGS64] = encode_flags64,	    [F_BITS64] = encode_flags64,
	[F_STRINGS] = encode_strings,	    [F_U32S] = encode_u32s,
	[F_ENUMS] = encode_enums,	    [F_OBJECT] = encode_object,
	[F_OBJECT_PTR] = encode_object_ptr, [F_OBJECTS] = encode_objects,
	[F_KEYED] = encode_keyed,	    [F_MAP] = encode_map,
	[F_CUSTOM] = encode_custom,	    [F_IGNORED] = encode_nothing,
	[F_UNSUPPORTED] = encode_nothing,
};
TABLE_CHECK(encoder, F__COUNT);

void field_encode(struct strbuf *b, const struct field_table *t, const void *obj)
{
	const char *comma = "";

	strbuf_adds(b, "{");
	for (const struct field *f = t->fields; f->name; f++) {
		size_t before = b->len;

		strbuf_adds(b, comma);
		strbuf_add_json(b, f->name);
		strbuf_adds(b, ":");
		if (encoder[f->type](b, f, obj))
			comma = ",";
		else
			cut(b, before);
	}
	strbuf_adds(b, "}");
}
