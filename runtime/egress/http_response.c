/* SPDX-License-Identifier: Apache-2.0 */
/* http_response.c - the head of an answer: one request a connection, so it is told to close */
#include <string.h>

#include "egress/http_head.h"

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

enum http_status http_response(const char *in, size_t n, struct strbuf *out, size_t *ret_head_bytes,
			       bool *ret_final)
{
	enum rule ignored;
	unsigned status;
	struct head h;
	enum http_status st = head_split(in, n, HTTP_RESPONSE_MAX, &h, &ignored);

	if (st != HTTP_DONE)
		return st;
	/* Nobody asked for another protocol: Upgrade is not forwarded. */
	if (!parse_status(h.start, &status) || status == 101 || !head_connection_is_safe(&h))
		return HTTP_BAD;
	strbuf_add(out, h.start.s, h.start.n);
	strbuf_adds(out, "\r\n");
	head_print_fields(out, &h, true);
	strbuf_adds(out, status >= 200 ? "Connection: close\r\n\r\n" : "\r\n");
	*ret_head_bytes = h.bytes;
	*ret_final = status >= 200;
	return HTTP_DONE;
}
