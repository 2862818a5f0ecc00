/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - JSON text to a tree; the only file that knows yajl
 *
 * The text is scanned once before yajl sees it: bytes that are not UTF-8, \u0000 and surrogates
 * without their half are refused here, because yajl 2.1 turns a lone surrogate into "?", swallows
 * the character after it and, unpatched, aborts on some (CVE-2017-16516). yajl then calls back for
 * each token. It does not say where a token begins, but nothing except white space, ',', ':' and,
 * where they are allowed, comments lies between two tokens, so the end of the last one is enough to
 * find it.
 */
#include "spec/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "base/str.h"

struct parser {
	struct arena *a;
	const char *text, *name;
	size_t len;
	yajl_handle yajl;
	bool comments;

	size_t pos, line_start; /* how far lines were counted */
	unsigned line;

	struct json *open[JSON_MAX_DEPTH]; /* containers not yet closed */
	struct json **tail[JSON_MAX_DEPTH];
	size_t depth, n_values;
	const char *key; /* of the value that comes next */
	struct json *root;

	const struct json **members; /* scratch for the search for duplicates */
	size_t cap_members;
	struct err *e;
};

/* ---- positions ---- */

static void count_lines(struct parser *p, size_t to)
{
	const char *nl;

	while (p->pos < to && (nl = memchr(p->text + p->pos, '\n', to - p->pos))) {
		p->line++;
		p->pos = p->line_start = (size_t)(nl - p->text) + 1;
	}
	if (p->pos < to)
		p->pos = to;
}

static int fail_at(struct parser *p, size_t pos, const char *what)
{
	count_lines(p, pos < p->len ? pos : p->len);
	return err_set(p->e, ERR_INPUT, "%s:%u:%zu: %s", p->name, p->line,
		       p->pos - p->line_start + 1, what);
}

static bool is_between_tokens(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
}

/* The end of the comment that begins at @at; @at where none does. One that is not closed ends with
 * the text: yajl reports it. */
static size_t skip_comment(const struct parser *p, size_t at)
{
	const char *s = p->text + at, *end;
	size_t n = p->len - at;

	if (n < 2 || s[0] != '/' || (s[1] != '/' && s[1] != '*'))
		return at;
	end = s[1] == '/' ? memchr(s, '\n', n) : memmem(s + 2, n - 2, "*/", 2);
	if (!end)
		return p->len;
	return at + (size_t)(end - s) + (s[1] == '/' ? 1 : 2);
}

/* Stand on the first byte of the token that yajl reports now. */
static void token_start(struct parser *p)
{
	size_t to = p->pos, past;

	while (to < p->len) {
		past = p->comments ? skip_comment(p, to) : to;
		if (past == to && is_between_tokens(p->text[to]))
			past++;
		if (past == to)
			break;
		to = past;
	}
	count_lines(p, to);
}

static void token_end(struct parser *p)
{
	/* yajl counts from zero again while it finishes a document that is one bare number */
	size_t to = yajl_get_bytes_consumed(p->yajl);

	if (to > p->pos && to <= p->len)
		count_lines(p, to);
}

/* ---- before yajl: bytes and escapes ---- */

/* Four hexadecimal digits after "\u"; -1: they are not there, which yajl reports. */
static long unicode_escape(const char *s, size_t n)
{
	long v = 0;

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = chr_lower(s[i]);

		if (!chr_is_digit(c) && (c < 'a' || c > 'f'))
			return -1;
		v = v * 16 + (chr_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return v;
}

static const char *check_escape(const char *s, size_t n, size_t *ret_len)
{
	long v = unicode_escape(s, n);

	*ret_len = v < 0 ? 2 : 6;
	if (v == 0)
		return "a string must not contain NUL";
	if (v >= 0xdc00 && v <= 0xdfff)
		return "\\u escape is half of a surrogate pair";
	if (v >= 0xd800 && v <= 0xdbff) {
		long low = unicode_escape(s + 6, n - 6);

		if (low < 0xdc00 || low > 0xdfff)
			return "\\u escape is half of a surrogate pair";
		*ret_len = 12;
	}
	return NULL;
}

/* How many bytes of ASCII without a backslash come first. Eight at a time: none has its highest bit,
 * and none is zero after a backslash was taken out of each. */
static size_t plain_bytes(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;
	uint64_t w, x;

	for (; i + sizeof(w) <= n; i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		x = w ^ ones * '\\';
		if ((w | ((x - ones) & ~x)) & high)
			break;
	}
	while (i < n && s[i] != '\\' && !(s[i] & 0x80))
		i++;
	return i;
}

/* A backslash outside a string is refused by yajl, so strings need not be told apart here. */
static int check_text(struct parser *p)
{
	for (size_t i = 0, n; i < p->len; i += n) {
		const char *why = NULL;

		n = plain_bytes(p->text + i, p->len - i);
		if (n)
			continue;
		if (p->text[i] == '\\') {
			why = check_escape(p->text + i, p->len - i, &n);
		} else {
			n = str_utf8_len(p->text + i, p->len - i);
			why = n ? NULL : "not UTF-8";
		}
		if (why)
			return fail_at(p, i, why);
	}
	p->pos = p->line_start = 0;
	p->line = 1;
	return 0;
}

/* ---- the tree ---- */

/* yajl stops at the first callback that returns 0; the error is then in p->e. */
static int refuse(struct parser *p, const char *what)
{
	fail_at(p, p->pos, what);
	return 0;
}

static struct json *add_value(struct parser *p, enum json_type type)
{
	token_start(p);
	if (++p->n_values > JSON_MAX_VALUES) {
		refuse(p, "the document has too many values");
		return NULL;
	}

	struct json *v = arena_alloc(p->a, 1, sizeof(*v));

	v->type = type;
	v->line = p->line;
	v->column = (unsigned)(p->pos - p->line_start + 1);
	v->key = p->key;
	p->key = NULL;
	if (p->depth) {
		*p->tail[p->depth - 1] = v;
		p->tail[p->depth - 1] = &v->next;
		p->open[p->depth - 1]->n++;
	} else {
		p->root = v;
	}
	return v;
}

static int on_scalar(struct parser *p, enum json_type type, const char *s, size_t n)
{
	struct json *v = add_value(p, type);

	if (!v)
		return 0;
	if (s)
		v->text = arena_strndup(p->a, s, n);
	token_end(p);
	return 1;
}

static int on_null(void *ctx)
{
	return on_scalar(ctx, JSON_NULL, NULL, 0);
}

static int on_bool(void *ctx, int b)
{
	struct parser *p = ctx;
	struct json *v = add_value(p, JSON_BOOL);

	if (!v)
		return 0;
	v->boolean = b;
	token_end(p);
	return 1;
}

static int on_number(void *ctx, const char *s, size_t n)
{
	return on_scalar(ctx, JSON_NUMBER, s, n);
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
	return on_scalar(ctx, JSON_STRING, (const char *)s, n);
}

static int on_key(void *ctx, const unsigned char *s, size_t n)
{
	struct parser *p = ctx;

	token_start(p);
	p->key = arena_strndup(p->a, (const char *)s, n);
	token_end(p);
	return 1;
}

static int begin(struct parser *p, enum json_type type)
{
	struct json *v = add_value(p, type);

	if (!v)
		return 0;
	if (p->depth == JSON_MAX_DEPTH)
		return refuse(p, "the document is nested too deeply");
	p->open[p->depth] = v;
	p->tail[p->depth++] = &v->child;
	token_end(p);
	return 1;
}

static int on_map_begin(void *ctx)
{
	return begin(ctx, JSON_OBJECT);
}

static int on_array_begin(void *ctx)
{
	return begin(ctx, JSON_ARRAY);
}

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* Sorting keeps a hostile object with a hundred thousand members linear-logarithmic. */
static const struct json *find_duplicate(struct parser *p, const struct json *object)
{
	size_t n = 0;

	if (object->n > p->cap_members) {
		p->cap_members = object->n * 2;
		p->members = xrealloc(p->members, p->cap_members, sizeof(struct json *));
	}
	for (const struct json *v = object->child; v; v = v->next)
		p->members[n++] = v;
	if (n > 1)
		qsort(p->members, n, sizeof(struct json *), by_key);
	for (size_t i = 1; i < n; i++)
		if (streq(p->members[i - 1]->key, p->members[i]->key))
			return p->members[i];
	return NULL;
}

static int on_map_end(void *ctx)
{
	struct parser *p = ctx;
	const struct json *twice = find_duplicate(p, p->open[p->depth - 1]);

	if (twice) {
		char key[64];

		str_printable(key, sizeof(key), twice->key);
		err_set(p->e, ERR_INPUT, "%s:%u:%u: property \"%s\" occurs twice in one object",
			p->name, twice->line, twice->column, key);
		return 0;
	}
	p->depth--;
	token_end(p);
	return 1;
}

static int on_array_end(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	token_end(p);
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_map_key = on_key,
	.yajl_start_map = on_map_begin,
	.yajl_end_map = on_map_end,
	.yajl_start_array = on_array_begin,
	.yajl_end_array = on_array_end,
};

/* ---- driving yajl ---- */

static void *alloc_cb(void *ctx, size_t n)
{
	(void)ctx;
	return xrealloc(NULL, n, 1);
}

static void *realloc_cb(void *ctx, void *ptr, size_t n)
{
	(void)ctx;
	return xrealloc(ptr, n, 1);
}

static void free_cb(void *ctx, void *ptr)
{
	(void)ctx;
	free(ptr);
}

static int fail_syntax(struct parser *p)
{
	unsigned char *text = yajl_get_error(p->yajl, 0, (const unsigned char *)p->text, p->len);
	char *nl = strchr((char *)text, '\n');

	if (nl)
		*nl = '\0';
	fail_at(p, p->pos, (const char *)text);
	yajl_free_error(p->yajl, text);
	return -1;
}

static int run(struct parser *p)
{
	yajl_status st = yajl_parse(p->yajl, (const unsigned char *)p->text, p->len);

	if (st == yajl_status_error) {
		token_start(p);
		return fail_syntax(p);
	}
	if (st == yajl_status_ok) {
		st = yajl_complete_parse(p->yajl);
		if (st == yajl_status_error) {
			count_lines(p, p->len);
			return fail_syntax(p);
		}
	}
	return st == yajl_status_ok ? 0 : -1; /* canceled: a callback has filled the error */
}

static int parse(struct parser *p, struct json **ret_root)
{
	static const yajl_alloc_funcs alloc = { alloc_cb, realloc_cb, free_cb, NULL };

	p->line = 1;
	if (check_text(p))
		return -1;
	p->yajl = yajl_alloc(&callbacks, (yajl_alloc_funcs *)&alloc, p);
	if (!p->yajl)
		abort();
	if (p->comments)
		yajl_config(p->yajl, yajl_allow_comments, 1);

	int r = run(p);

	yajl_free(p->yajl);
	free(p->members);
	if (r == 0)
		*ret_root = p->root;
	return r;
}

int json_parse(struct arena *a, const char *text, size_t len, const char *name,
	       struct json **ret_root, struct err *e)
{
	struct parser p = { .a = a, .text = text, .len = len, .name = name, .e = e };

	return parse(&p, ret_root);
}

int json_parse_commented(struct arena *a, const char *text, size_t len, const char *name,
			 struct json **ret_root, struct err *e)
{
	struct parser p = {
		.a = a, .text = text, .len = len, .name = name, .comments = true, .e = e
	};

	return parse(&p, ret_root);
}
