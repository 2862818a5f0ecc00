/* SPDX-License-Identifier: Apache-2.0 */
/* show_value.c - one member of an op as JSON */
#include <inttypes.h>
#include <seccomp.h>

#include "base/table.h"
#include "plan/show.h"
#include "spec/names.h"

typedef void value_fn(struct strbuf *b, const struct show_row *r, const void *obj);

/* How one type is printed, and how many bytes a member of it has; 0: a list. */
struct printer {
	value_fn *print;
	size_t size;
};
static const void *at(const struct show_row *r, const void *obj)
{
	return (const char *)obj + r->offset;
}

static size_t count(const struct show_row *r, const void *obj)
{
	return *(const size_t *)(const void *)((const char *)obj + r->offset2);
}

static uint32_t u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

void show_flags(struct strbuf *b, const struct show_flag *f, uint64_t flags, const char *before_each,
		const char *quote)
{
	bool first = true;

	for (; f->name; f++) {
		if (f->mask == 0 || (flags & f->mask) != f->value)
			continue;
		strbuf_addf(b, "%s%s%s%s", first ? "" : before_each, quote, f->name, quote);
		first = false;
	}
}

void show_action(struct strbuf *b, uint32_t action)
{
	uint32_t base = action & 0xffff0000u;
	const char *name = name_of(&names_seccomp_action, base);

	if (base == SCMP_ACT_ERRNO(0) || base == SCMP_ACT_TRACE(0))
		strbuf_addf(b, "%s(%u)", name ? name : "?", action & 0xffffu);
	else
		strbuf_adds(b, name ? name : "?");
}

/* A name of the table, or the number. */
static void table_name(struct strbuf *b, const struct name_table *t, uint32_t v)
{
	const char *name = name_of(t, v);

	if (name)
		strbuf_add_json(b, name);
	else
		strbuf_add_u64(b, v);
}

/* ---- one function a type ---- */

static void str(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const char *const *p = at(r, obj);

	strbuf_add_json(b, *p);
}

static void strings(struct strbuf *b, const char *const *v, size_t n)
{
	strbuf_adds(b, "[");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, v[i]);
	}
	strbuf_adds(b, "]");
}

static void strs(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const char *const *const *p = at(r, obj);

	strings(b, *p, count(r, obj));
}

static void strv(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const char *const *const *p = at(r, obj);
	size_t n = 0;

	while (*p && (*p)[n])
		n++;
	strings(b, *p, n);
}

static void boolean(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_adds(b, *(const bool *)at(r, obj) ? "true" : "false");
}

static void character(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const char text[2] = { *(const char *)at(r, obj) };

	strbuf_add_json(b, text);
}

static void i32(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_i64(b, (int32_t)u32(at(r, obj)));
}

static void i64(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_i64(b, (int64_t)u64(at(r, obj)));
}

static void u16(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_u64(b, *(const uint16_t *)at(r, obj));
}

static void unsigned32(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_u64(b, u32(at(r, obj)));
}

static void unsigned64(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_u64(b, u64(at(r, obj)));
}

static void unsigned_long(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_add_u64(b, *(const unsigned long *)at(r, obj));
}

static void octal(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_addf(b, "\"%04" PRIo32 "\"", u32(at(r, obj)));
}

static void name(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const char *const *names = r->arg;

	strbuf_add_json(b, names[u32(at(r, obj))]);
}

static void flags(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_adds(b, "[");
	show_flags(b, r->arg, u64(at(r, obj)), ",", "\"");
	strbuf_adds(b, "]");
}

static void caps(struct strbuf *b, const struct show_row *r, const void *obj)
{
	uint64_t bits = u64(at(r, obj));
	const char *sep = "";

	strbuf_adds(b, "[");
	for (unsigned i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		strbuf_adds(b, sep);
		table_name(b, &names_cap, i);
		sep = ",";
	}
	strbuf_adds(b, "]");
}

static void action(struct strbuf *b, const struct show_row *r, const void *obj)
{
	strbuf_adds(b, "\"");
	show_action(b, u32(at(r, obj)));
	strbuf_adds(b, "\"");
}

static void table32(struct strbuf *b, const struct show_row *r, const void *obj)
{
	table_name(b, r->arg, u32(at(r, obj)));
}

/* Lists of numbers: each element is printed by the type of one. */
static void numbers(struct strbuf *b, const struct show_row *r, const void *obj, value_fn *one,
		    size_t size)
{
	const char *const *p = at(r, obj);
	const struct show_row element = { .arg = r->arg };

	strbuf_adds(b, "[");
	for (size_t i = 0; i < count(r, obj); i++) {
		strbuf_adds(b, i ? "," : "");
		one(b, &element, *p + i * size);
	}
	strbuf_adds(b, "]");
}

static void u16s(struct strbuf *b, const struct show_row *r, const void *obj)
{
	numbers(b, r, obj, u16, sizeof(uint16_t));
}

static void u32s(struct strbuf *b, const struct show_row *r, const void *obj)
{
	numbers(b, r, obj, unsigned32, sizeof(uint32_t));
}

static void table32s(struct strbuf *b, const struct show_row *r, const void *obj)
{
	numbers(b, r, obj, table32, sizeof(uint32_t));
}

static void rows(struct strbuf *b, const struct show_row *r, const void *obj)
{
	const struct show_table *t = r->arg;
	const char *const *p = at(r, obj);

	strbuf_adds(b, "[");
	for (size_t i = 0; i < count(r, obj); i++) {
		strbuf_adds(b, i ? ",{" : "{");
		show_members(b, t->rows, *p + i * t->size);
		strbuf_adds(b, "}");
	}
	strbuf_adds(b, "]");
}

static const struct printer printers[] = {
	[SHOW_STR] = { str, sizeof(char *) },
	[SHOW_STRS] = { strs, 0 },
	[SHOW_STRV] = { strv, sizeof(char **) },
	[SHOW_BOOL] = { boolean, sizeof(bool) },
	[SHOW_CHAR] = { character, sizeof(char) },
	[SHOW_INT] = { i32, sizeof(int32_t) },
	[SHOW_I64] = { i64, sizeof(int64_t) },
	[SHOW_U16] = { u16, sizeof(uint16_t) },
	[SHOW_U32] = { unsigned32, sizeof(uint32_t) },
	[SHOW_U64] = { unsigned64, sizeof(uint64_t) },
	[SHOW_ULONG] = { unsigned_long, sizeof(unsigned long) },
	[SHOW_OCT] = { octal, sizeof(uint32_t) },
	[SHOW_NAME] = { name, sizeof(int) },
	[SHOW_FLAGS] = { flags, sizeof(uint64_t) },
	[SHOW_CAPS] = { caps, sizeof(uint64_t) },
	[SHOW_ACTION] = { action, sizeof(uint32_t) },
	[SHOW_TABLE32] = { table32, sizeof(uint32_t) },
	[SHOW_TABLE32S] = { table32s, 0 },
	[SHOW_U16S] = { u16s, 0 },
	[SHOW_U32S] = { u32s, 0 },
	[SHOW_ROWS] = { rows, 0 },
};
TABLE_CHECK(printers, SHOW__COUNT);

static bool is_absent(const struct show_row *r, const void *obj)
{
	static const char zero[16];

	if (r->zero == SHOW_ALWAYS)
		return false;
	if (printers[r->type].size == 0)
		return count(r, obj) == 0;
	return memcmp(at(r, obj), zero, printers[r->type].size) == 0;
}

size_t show_members(struct strbuf *b, const struct show_row *r, const void *obj)
{
	size_t n = 0;

	for (; r->name; r++) {
		if (is_absent(r, obj))
			continue;
		strbuf_adds(b, n++ ? ",\"" : "\"");
		strbuf_adds(b, r->name);
		strbuf_adds(b, "\":");
		printers[r->type].print(b, r, obj);
	}
	return n;
}
