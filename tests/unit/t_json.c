/* SPDX-License-Identifier: Apache-2.0 */
/* t_json.c - spec/json: what is refused, where messages point, and limits */
#include <stdlib.h>

#include "base/mem.h"
#include "spec/json.h"
#include "tests/unit/test.h"

static bool parse(struct arena *a, const char *text, size_t len, struct json **ret, struct err *e)
{
	return json_parse(a, text, len, "d", ret, e) == 0;
}

static void refused(void)
{
	static const struct { const char *name, *in, *want; } rows[] = {
		{ "nothing", "", "d:1:1: " },
		{ "white space alone", " \n ", "d:2:2: " },
		{ "a document cut short", "{\"a\":", "d:1:6: " },
		{ "a string cut short", "{\"a\":\"b", "d:1:8: " },
		{ "text after the document", "{} x", "d:1:4: " },
		{ "a second document", "{}{}", "d:1:3: " },
		{ "a comment", "{/* */}", "d:1:" },
		{ "a comma too many", "[1,]", "d:1:" },
		{ "a byte order mark", "\xef\xbb\xbf{}", "d:1:" },
		{ "single quotes", "{'a':1}", "d:1:" },
		{ "a number with a leading zero", "[01]", "d:1:" },
		{ "a hexadecimal number", "[0x1]", "d:1:" },
		{ "NaN", "[NaN]", "d:1:" },
		{ "a line break in a string", "[\"a\nb\"]", "d:1:" },
		{ "a duplicate key", "{\"a\":1,\n \"b\":2, \"a\":3}", "d:2:13: property \"a\" occurs twice" },
		{ "a duplicate key written with an escape", "{\"a\":1,\"\\u0061\":2}", "d:1:17: property \"a\"" },
		{ "an escaped NUL", "[\"a\\u0000b\"]", "d:1:4: a string must not contain NUL" },
		{ "an escaped NUL in a key", "{\"a\\u0000\":1}", "d:1:4: a string must not contain NUL" },
		{ "a high surrogate alone", "[\"\\ud800x\"]", "d:1:3: \\u escape is half" },
		{ "a high surrogate before another escape", "[\"\\ud800\\u0041\"]", "d:1:3: \\u escape is half" },
		{ "a high surrogate at the end", "[\"\\ud800", "d:1:3: \\u escape is half" },
		{ "a low surrogate alone", "[\"\\udc00\"]", "d:1:3: \\u escape is half" },
		{ "an escape cut short", "[\"\\u00", "d:1:" },
		{ "an unknown escape", "[\"\\x41\"]", "d:1:" },
		{ "a byte that is not UTF-8", "[\"\xff\"]", "d:1:3: not UTF-8" },
		{ "an overlong slash", "[\"\xc0\xaf\"]", "d:1:3: not UTF-8" },
		{ "an encoded surrogate", "[\"\xed\xa0\x80\"]", "d:1:3: not UTF-8" },
		{ "a code point beyond Unicode", "[\"\xf4\x90\x80\x80\"]", "d:1:3: not UTF-8" },
		{ "a UTF-8 sequence cut by the end", "\xe2\x82", "d:1:1: not UTF-8" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct json *v = NULL;
		bool ok = parse(&a, rows[i].in, strlen(rows[i].in), &v, &e);

		if (!t_ok(!ok && !v && e.kind == ERR_INPUT && str_has_prefix(e.msg, rows[i].want),
			  rows[i].name))
			t_note("%s, want %s", ok ? "accepted" : e.msg, rows[i].want);
	}

	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct json *v;
	t_ok(!parse(&a, "[\"a\0b\"]", 7, &v, &e), "a NUL byte in a string is refused");
	t_ok(!parse(&a, "{}\0", 3, &v, &e), "a NUL byte after the document is refused");
	t_ok(!parse(&a, "[1", 2, &v, NULL), "no error struct is needed");
}

static void accepted(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct json *v = NULL;
	static const char text[] = "{\"n\": 18446744073709551615,\n"
				   "  \"s\" :\"\\u00e9\\ud83d\\ude00\\/\\n\", \"t\":[true,null,{}]}";

	if (!t_ok(parse(&a, text, sizeof(text) - 1, &v, &e), "a document")) {
		t_note("%s", e.msg);
		return;
	}

	const struct json *n = json_get(v, "n"), *s = json_get(v, "s"), *t = json_get(v, "t");
	t_ok(n && n->type == JSON_NUMBER && streq(n->text, "18446744073709551615"),
	     "numbers are kept as written");
	t_ok(n && n->line == 1 && n->column == 7, "a number's position is its first byte");
	t_ok(s && s->type == JSON_STRING && streq(s->text, "\xc3\xa9\xf0\x9f\x98\x80/\n"),
	     "escapes are decoded, surrogate pairs too");
	t_ok(s && s->line == 2 && s->column == 8, "a string's position is its opening quote");
	t_ok(t && t->type == JSON_ARRAY && t->n == 3 && t->column == 38,
	     "an array knows its length and position");
	t_ok(t && t->child->boolean && t->child->next->type == JSON_NULL &&
	     t->child->next->next->type == JSON_OBJECT && !t->child->next->next->next,
	     "elements are in file order");
	t_ok(v->n == 3 && !json_get(v, "x") && !json_get(t, "n") && !json_get(NULL, "n"),
	     "what is not there is not found");
	t_ok(parse(&a, "-12.5e3", 7, &v, &e) && v->type == JSON_NUMBER && streq(v->text, "-12.5e3"),
	     "a bare number is a document");
	t_ok(parse(&a, "\"x\"", 3, &v, &e) && v->column == 1, "a bare string is a document");
}

static char *repeat(const char *s, size_t n, const char *between, size_t *ret_len)
{
	struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < n; i++) {
		strbuf_adds(&b, i ? between : "");
		strbuf_adds(&b, s);
	}
	*ret_len = b.len;
	return b.p;
}

static bool parses(const char *open, const char *s, size_t n, const char *between,
		   const char *close, size_t n_close, struct err *e)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct json *v;
	size_t len;
	auto_free char *body = repeat(s, n, between, &len);
	auto_free char *end = repeat(close, n_close, "", &len);

	strbuf_adds(&b, open);
	strbuf_adds(&b, body);
	strbuf_adds(&b, end);
	return parse(&a, b.p, b.len, &v, e);
}

static void limits(void)
{
	struct err e = ERR_INIT;

	t_ok(parses("", "[", JSON_MAX_DEPTH, "", "]", JSON_MAX_DEPTH, &e), "the deepest document");
	t_ok(!parses("", "[", JSON_MAX_DEPTH + 1, "", "]", JSON_MAX_DEPTH + 1, &e) &&
	     streq(e.msg, "d:1:65: the document is nested too deeply"), "one level more is refused");
	t_ok(!parses("", "{\"a\":", 100000, "", "", 1, &e), "a depth bomb is refused");
	t_ok(parses("[", "1", JSON_MAX_VALUES - 1, ",", "]", 1, &e), "as many values as allowed");
	t_ok(!parses("[", "1", JSON_MAX_VALUES, ",", "]", 1, &e) &&
	     str_has_suffix(e.msg, "the document has too many values"), "one value more is refused");
	t_ok(parses("\"", "abcdefgh", 1 << 17, "", "\"", 1, &e), "a string of 1 MiB");
}

/* 100,000 members whose duplicate is the first and the last: seconds if it were quadratic. */
static void many_members(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *v;

	strbuf_adds(&b, "{\"k0\":0");
	for (unsigned i = 1; i < 100000; i++)
		strbuf_addf(&b, ",\"k%u\":0", i);
	strbuf_adds(&b, ",\"k0\":0}");
	t_ok(!parse(&a, b.p, b.len, &v, &e) && strstr(e.msg, "property \"k0\" occurs twice"),
	     "a duplicate among many members is found");
}

static void indent(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	json_indent(&b, "{\"a\":[1,{\"b\":\"x,{\\\"]\"}],\"c\":{},\"d\":[]}");
	if (!t_ok(streq(b.p, "{\n\t\"a\": [\n\t\t1,\n\t\t{\n\t\t\t\"b\": \"x,{\\\"]\"\n\t\t}\n\t],\n"
			     "\t\"c\": {},\n\t\"d\": []\n}"), "JSON text is indented, strings are left"))
		t_note("%s", b.p);
}

static void commented(void)
{
	static const struct { const char *name, *in, *want; } rows[] = {
		{ "a comment to the end of the line", "// a\n{\"a\": // b: \"c\"\n  x}", "d:3:3: " },
		{ "a comment between values", "[1, /* two,\n 2, */ x]", "d:2:8: " },
		{ "a comment that is not closed", "{ /* }", "d:1:" },
		{ "a slash alone", "{ / }", "d:1:3: " },
		{ "a duplicate key behind a comment", "{\"a\":1 /* , */, // \n \"a\":2}",
		  "d:2:6: property \"a\" occurs twice" },
		{ "half a surrogate in a comment", "/* \\ud800 */ {}", "d:1:4: \\u escape is half" },
	};
	static const char text[] = "// head\n{ /* a */ \"a\" : /*b*/ [ 1, // one\n 2 ] }\n// tail";
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct json *v = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err why = ERR_INIT;

		if (!t_ok(json_parse_commented(&a, rows[i].in, strlen(rows[i].in), "d", &v, &why) < 0 &&
			  str_has_prefix(why.msg, rows[i].want), rows[i].name))
			t_note("%s, want %s", why.msg, rows[i].want);
	}
	if (!t_ok(json_parse_commented(&a, text, sizeof(text) - 1, "d", &v, &e) == 0 && v->line == 2,
		  "a document with comments everywhere")) {
		t_note("%s", e.msg);
		return;
	}
	t_ok(json_at(v, "a[1]")->line == 3 && json_at(v, "a[1]")->column == 2,
	     "positions count what comments take");
	t_ok(streq(json_at(v, "a[1]")->text, "2") && json_at(v, "a") == v->child &&
	     json_at(v, "") == v, "json_at() finds members and elements");
	t_ok(json_at(v, "a[9]") == v->child && json_at(v, "b.c") == v &&
	     json_at(v, "a.b") == v->child, "and the nearest above what is not there");
}

static void written(void)
{
	static const char text[] = "{\"a\":[1,-2.5e3,true,false,null,\"x\\\"\\n/\"],\"b\":{},\"c\":[]}";
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *v = NULL;

	if (parse(&a, text, sizeof(text) - 1, &v, &e))
		json_write(&b, v);
	if (!t_ok(b.p && streq(b.p, text), "a document is written as it was read"))
		t_note("%s", b.p ? b.p : e.msg);
}

int main(void)
{
	refused();
	accepted();
	limits();
	commented();
	written();
	many_members();
	indent();
	return t_done();
}
