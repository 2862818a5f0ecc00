/* SPDX-License-Identifier: Apache-2.0 */
/* http_head.c - lines and fields of an HTTP/1 head, strictly */
#include "egress/http_head.h"

#include <string.h>

#include "base/mutant.h"
#include "base/table.h"

static const struct {
	const char *name;
	enum field_kind kind;
} known[] = {
	{ "host", FIELD_HOST },
	{ "content-length", FIELD_LENGTH },
	{ "transfer-encoding", FIELD_CODING },
	{ "connection", FIELD_CONNECTION },
	{ "proxy-connection", FIELD_HOP },
	{ "keep-alive", FIELD_HOP },
	{ "te", FIELD_HOP },
	{ "trailer", FIELD_HOP },
	{ "upgrade", FIELD_UPGRADE },
	{ "proxy-authorization", FIELD_HOP },
	{ "proxy-authenticate", FIELD_HOP },
	{ "proxy-authentication-info", FIELD_HOP },
};

bool text_is(struct text t, const char *s)
{
	if (strlen(s) != t.n)
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (chr_lower(t.s[i]) != chr_lower(s[i]))
			return false;
	return true;
}

bool text_is_exactly(struct text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.s, s, t.n) == 0;
}

bool text_to_length(struct text t, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < t.n; i++)
		if (!chr_is_digit(t.s[i]) || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(t.s[i] - '0'), &v))
			return false;
	*ret = v;
	return t.n > 0 && v <= INT64_MAX;
}

static bool text_equal(struct text a, struct text b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (chr_lower(a.s[i]) != chr_lower(b.s[i]))
			return false;
	return true;
}

/* RFC 9110, 5.6.2 */
bool chr_is_token(char c)
{
	return chr_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool text_is_token(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!chr_is_token(t.s[i]))
			return false;
	return t.n > 0;
}

bool text_cut(struct text *t, char sep, struct text *ret)
{
	if (!t->s)
		return false;

	const char *at = memchr(t->s, sep, t->n);
	ret->s = t->s;
	ret->n = at ? (size_t)(at - t->s) : t->n;
	t->n -= ret->n + (at ? 1 : 0);
	t->s = at ? at + 1 : NULL;
	return true;
}

static bool chr_is_space(char c)
{
	return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
	while (t.n && chr_is_space(t.s[0])) {
		t.s++;
		t.n--;
	}
	while (t.n && chr_is_space(t.s[t.n - 1]))
		t.n--;
	return t;
}

/*
 * The end of the head: every LF after a CR, every CR before an LF, no other control byte but tab.
 * Return: the length with the empty line; 0 if more is needed; -1 if it is malformed already.
 */
static ssize_t head_end(const char *in, size_t n)
{
	size_t line = 0; /* where it begins */

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\n') {
			if (i == 0 || in[i - 1] != '\r')
				return mutant("http.bare_lf") ? 0 : -1;
			if (i - line == 1)
				return (ssize_t)i + 1;
			line = i + 1;
		} else if (i > 0 && in[i - 1] == '\r') {
			return -1;
		} else if (((unsigned char)in[i] < 0x20 && in[i] != '\t' && in[i] != '\r') ||
			   in[i] == 0x7f) {
			return -1;
		}
	}
	return 0;
}

static enum field_kind kind_of(struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (text_is(name, known[i].name))
			return known[i].kind;
	return FIELD_OTHER;
}

/* A folded line begins with a space: it has no name, so it is refused here. */
static bool split_field(struct text line, struct field *ret)
{
	const char *colon = memchr(line.s, ':', line.n);

	if (!colon)
		return false;
	ret->name = (struct text){ line.s, (size_t)(colon - line.s) };
	ret->value = text_trim((struct text){ colon + 1, line.n - ret->name.n - 1 });
	ret->kind = kind_of(ret->name);
	return text_is_token(ret->name);
}

static struct text next_line(const char **pos, const char *end)
{
	const char *cr = memchr(*pos, '\r', (size_t)(end - *pos));
	struct text line = { *pos, (size_t)(cr - *pos) };

	*pos = cr + 2;
	return line;
}

enum http_status head_split(const char *in, size_t n, size_t max, struct head *h,
			    enum rule *ret_rule)
{
	ssize_t end = head_end(in, n < max ? n : max);

	*ret_rule = RULE_SYNTAX;
	if (end < 0)
		return HTTP_BAD;
	if (end == 0) {
		*ret_rule = RULE_SIZE;
		return n < max ? HTTP_MORE : HTTP_BAD;
	}
	const char *pos = in, *last = in + end - 2; /* the empty line */

	h->bytes = (size_t)end;
	h->n = 0;
	if (pos == last)
		return HTTP_BAD;
	h->start = next_line(&pos, last);
	while (pos < last) {
		if (h->n == HTTP_FIELDS_MAX) {
			*ret_rule = RULE_SIZE;
			return HTTP_BAD;
		}
		if (!split_field(next_line(&pos, last), &h->field[h->n++]))
			return HTTP_BAD;
	}
	return HTTP_DONE;
}

/* Whether a Connection header names this field, so that it stays behind. */
static bool is_named_by_connection(const struct head *h, struct text name)
{
	for (size_t i = 0; i < h->n; i++) {
		struct text list = h->field[i].value, item;

		if (h->field[i].kind != FIELD_CONNECTION)
			continue;
		while (text_cut(&list, ',', &item))
			if (text_equal(text_trim(item), name))
				return true;
	}
	return false;
}

bool head_connection_names(const struct head *h, const char *word)
{
	return is_named_by_connection(h, (struct text){ word, strlen(word) });
}

bool head_wants_websocket(const struct head *h)
{
	size_t n = 0, good = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->field[i].kind != FIELD_UPGRADE)
			continue;
		n++;
		good += text_is(h->field[i].value, "websocket");
	}
	return n == 1 && good == 1 && head_connection_names(h, "upgrade");
}

bool head_connection_is_safe(const struct head *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct text name = { known[i].name, strlen(known[i].name) };
		bool vital = known[i].kind == FIELD_HOST || known[i].kind == FIELD_LENGTH ||
			     known[i].kind == FIELD_CODING;

		if (vital && is_named_by_connection(h, name) && !mutant("http.connection_names"))
			return false;
	}
	return true;
}

void head_print_fields(struct strbuf *b, const struct head *h, bool with_framing)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct field *f = &h->field[i];

		if (f->kind == FIELD_CONNECTION || f->kind == FIELD_UPGRADE || f->kind == FIELD_HOP ||
		    (f->kind != FIELD_OTHER && !with_framing) || is_named_by_connection(h, f->name))
			continue;
		strbuf_add(b, f->name.s, f->name.n);
		strbuf_adds(b, ": ");
		strbuf_add(b, f->value.s, f->value.n);
		strbuf_adds(b, "\r\n");
	}
}

void head_print_end(struct strbuf *b, enum http_after after)
{
	static const char *const line[] = {
		[HTTP_CLOSE] = "Connection: close\r\n",
		[HTTP_KEEP] = "", /* what HTTP/1.1 means anyway */
		[HTTP_UPGRADE] = "Connection: Upgrade\r\nUpgrade: websocket\r\n",
	};
	TABLE_CHECK(line, HTTP_AFTER__COUNT);

	strbuf_adds(b, line[after]);
	strbuf_adds(b, "\r\n");
}
