/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_response.c - the head of an answer, and where the answer ends
 *
 * Whoever sends it is allowed, and the connection to it serves this one client: what a wrong reading
 * could do is to take for the answer to the next request what is none. So the connection stays only
 * where the end can be read in one way, and another protocol begins only with a 101 to a request
 * that asked for it.
 */
#include <string.h>

#include "base/mutant.h"
#include "egress/http_head.h"

/* What a head can grow by: the space and the line end of each field, and head_print_end(). */
#define HEAD_ADDED_MAX (2 * HTTP_FIELDS_MAX + 64)

/* HTTP/1.x SP 3DIGIT [SP reason] */
static bool parse_status(struct text line, unsigned *ret)
{
	static const char form[] = "HTTP/1.# ###";

	if (line.n < sizeof(form) - 1 || (line.n > sizeof(form) - 1 && line.s[12] != ' '))
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '#' ? !chr_is_digit(line.s[i]) : line.s[i] != form[i])
			return false;
	*ret = (unsigned)((line.s[9] - '0') * 100 + (line.s[10] - '0') * 10 + line.s[11] - '0');
	return *ret >= 100;
}

/* RFC 9112, 6.3; what could be read in two ways ends with the stream. */
static struct body read_body(const struct head *h, const struct http_asked *asked, unsigned status)
{
	const struct body rest = { .kind = BODY_RAW };
	const struct field *length = NULL, *coding = NULL;
	struct body b = { .kind = BODY_LENGTH };

	for (size_t i = 0; i < h->n; i++) {
		const struct field *f = &h->field[i];

		if ((f->kind == FIELD_LENGTH && length) || (f->kind == FIELD_CODING && coding))
			return rest;
		if (f->kind == FIELD_LENGTH)
			length = f;
		if (f->kind == FIELD_CODING)
			coding = f;
	}
	if (asked->is_head || status == 204 || status == 304)
		return (struct body){ .kind = BODY_EMPTY };
	if (coding && !length && text_is(coding->value, "chunked"))
		return (struct body){ .kind = BODY_CHUNKED, .is_lenient = true };
	return length && !coding && text_to_length(length->value, &b.left) ? b : rest;
}

static enum http_after read_after(const struct head *h, const struct http_asked *asked,
				  unsigned status, const struct body *body)
{
	if (status == 101)
		return HTTP_UPGRADE;
	if (asked->after == HTTP_CLOSE || body->kind == BODY_RAW || h->start.s[7] != '1' ||
	    head_connection_names(h, "close"))
		return HTTP_CLOSE;
	return HTTP_KEEP;
}

static bool may_say_101(const struct head *h, const struct http_asked *asked)
{
	return (asked->after == HTTP_UPGRADE && h->start.s[7] == '1' && head_wants_websocket(h)) ||
	       mutant("http.upgrade");
}

enum http_status http_response(const struct http_asked *asked, const char *in, size_t n,
			       struct strbuf *out, struct http_response *ret)
{
	struct http_response r = { 0 };
	enum rule ignored;
	unsigned status;
	struct head h;
	enum http_status st = head_split(in, n, HTTP_RESPONSE_MAX, &h, &ignored);

	if (st != HTTP_DONE)
		return st;
	if (!parse_status(h.start, &status) || !head_connection_is_safe(&h) ||
	    (status == 101 && !may_say_101(&h, asked)))
		return HTTP_BAD;
	r.head_bytes = h.bytes;
	r.is_final = status >= 200 || status == 101;
	r.body = read_body(&h, asked, status);
	r.after = r.is_final ? read_after(&h, asked, status, &r.body) : HTTP_KEEP;
	if (r.after != HTTP_KEEP)
		r.body = (struct body){ .kind = BODY_RAW };
	strbuf_reserve(out, h.bytes + HEAD_ADDED_MAX);
	strbuf_add(out, h.start.s, h.start.n);
	strbuf_adds(out, "\r\n");
	head_print_fields(out, &h, true);
	head_print_end(out, r.after);
	*ret = r;
	return HTTP_DONE;
}
