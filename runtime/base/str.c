/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - string helpers that do not depend on the locale */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* Linear in time: on a mismatch only the last '*' is retried. */
bool str_glob(const char *pattern, const char *s, bool fold)
{
	const char *star = NULL, *retry = NULL;

	while (*s) {
		char p = fold ? chr_lower(*pattern) : *pattern;
		char c = fold ? chr_lower(*s) : *s;

		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern && (*pattern == '?' || p == c)) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool str_to_u64(const char *s, uint64_t *ret_v)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (!chr_is_digit(*s) || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*ret_v = v;
	return true;
}

bool str_to_u32(const char *s, uint32_t *ret_v)
{
	uint64_t v;

	if (!str_to_u64(s, &v) || v > UINT32_MAX)
		return false;
	*ret_v = (uint32_t)v;
	return true;
}

bool str_to_i64(const char *s, int64_t *ret_v)
{
	bool neg = *s == '-';
	uint64_t v;

	if (!str_to_u64(s + neg, &v) || v > (uint64_t)INT64_MAX + neg)
		return false;
	*ret_v = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

char *str_u64(char *end, uint64_t v)
{
	do
		*--end = (char)('0' + v % 10);
	while (v /= 10);
	return end;
}

#define ADDF_ROOM 64 /* what most formatted pieces fit in */

static void strbuf_room(struct strbuf *b, size_t n)
{
	if (b->cap - b->len > n)
		return;
	b->cap = (b->len + n + 1) * 2;
	b->p = xrealloc(b->p, b->cap, 1);
}

void strbuf_reserve(struct strbuf *b, size_t n)
{
	if (b->cap - b->len > n)
		return;
	b->cap = b->len + n + 1;
	b->p = xrealloc(b->p, b->cap, 1);
}

void strbuf_add(struct strbuf *b, const char *s, size_t n)
{
	strbuf_room(b, n);
	memcpy(b->p + b->len, s, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_add_u64(struct strbuf *b, uint64_t v)
{
	char text[STR_U64_MAX], *end = text + sizeof(text), *p = str_u64(end, v);

	strbuf_add(b, p, (size_t)(end - p));
}

void strbuf_add_i64(struct strbuf *b, int64_t v)
{
	if (v < 0)
		strbuf_add(b, "-", 1);
	strbuf_add_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	strbuf_room(b, ADDF_ROOM);
	size_t room = b->cap - b->len;
	va_start(ap, fmt);
	int n = vsnprintf(b->p + b->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n >= room) { /* the second time round there is room */
		strbuf_room(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

static bool is_continuation(const unsigned char *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t str_utf8_len(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = 0;

	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	if (len == 0 || n < len || !is_continuation(s, 1, len))
		return 0;

	bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	bool surrogate = s[0] == 0xed && s[1] > 0x9f;
	bool beyond = s[0] == 0xf4 && s[1] > 0x8f;

	return overlong || surrogate || beyond ? 0 : len;
}

void str_printable(char *buf, size_t size, const char *s)
{
	size_t n = strlen(s), i;

	for (i = 0; i + 1 < size && i < n; i++)
		buf[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	buf[i] = '\0';
	if (n >= size && size > 3)
		memcpy(buf + size - 4, "...", 4);
}

static const char *json_escape(char c, char *buf, size_t n)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		snprintf(buf, n, "\\u%04x", (unsigned char)c);
		return buf;
	}
}

static bool is_plain_json(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* A string of which @n bytes, all, are as they are. */
static void add_plain_json(struct strbuf *b, const char *s, size_t n)
{
	strbuf_room(b, n + 2);
	b->p[b->len] = '"';
	memcpy(b->p + b->len + 1, s, n);
	b->p[b->len + n + 1] = '"';
	b->len += n + 2;
	b->p[b->len] = '\0';
}

void strbuf_add_json(struct strbuf *b, const char *s)
{
	size_t plain = 0;
	char esc[8];

	if (!s) {
		strbuf_adds(b, "null");
		return;
	}
	while (is_plain_json(s[plain]))
		plain++;
	if (!s[plain]) {
		add_plain_json(b, s, plain);
		return;
	}
	strbuf_adds(b, "\"");
	for (const char *end = s + strlen(s); s < end;) {
		size_t n = 0;

		while (is_plain_json(s[n]))
			n++;
		if (n == 0)
			n = str_utf8_len(s, (size_t)(end - s));
		if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
			strbuf_adds(b, json_escape(*s, esc, sizeof(esc)));
		else if (n)
			strbuf_add(b, s, n);
		else
			strbuf_adds(b, "\xef\xbf\xbd");
		s += n ? n : 1;
	}
	strbuf_adds(b, "\"");
}

void strbuf_done(struct strbuf *b)
{
	free(b->p);
	*b = (struct strbuf)STRBUF_INIT;
}
