/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTP/1 heads and bodies as far as a proxy must understand them; pure, no descriptors
 *
 * Whatever two parsers could read differently is refused: bare CR or LF, folded lines, space
 * before a colon, two lengths, a length beside chunked, any transfer coding but chunked, chunk
 * extensions and trailers, a Connection header that names a framing header. What is forwarded is
 * written anew from the parsed parts, never copied as it came.
 */
#ifndef EGRESS_HTTP_H
#define EGRESS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "egress/policy.h"

#define HTTP_REQUEST_MAX  16384u /* bytes of a request's head */
#define HTTP_RESPONSE_MAX 65536u /* bytes of a response's head */
#define HTTP_FIELDS_MAX	  128u

enum http_status { HTTP_MORE, HTTP_DONE, HTTP_BAD };

enum body_kind { BODY_EMPTY, BODY_LENGTH, BODY_CHUNKED, BODY_RAW };

/* Where a forwarded stream ends. */
struct body {
	enum body_kind kind;
	uint64_t left; /* of the length, or of this chunk */
	uint8_t state; /* chunked: body.c's */
};

struct http_request {
	bool is_connect;
	struct dest dest;
	struct body body;
	size_t head_bytes; /* of the input */
	struct strbuf out; /* absolute form: the head in origin form; strbuf_done() frees it */
};

/**
 * http_request() - read a request's head
 * @ret:	filled on HTTP_DONE
 * @ret_rule:	filled on HTTP_BAD, as early as the input shows it
 */
enum http_status http_request(const char *in, size_t n, struct http_request *ret,
			      enum rule *ret_rule);

/**
 * http_request_to() - the same inside a connection to @to: a path, and Host of @to alone
 * The request is written anew and told to close, so it is the only one on its connection.
 */
enum http_status http_request_to(const struct dest *to, const char *in, size_t n,
				 struct http_request *ret, enum rule *ret_rule);

/**
 * http_response() - read a response's head, write it anew with "Connection: close"
 * @out:	on HTTP_DONE the new head is added
 * @ret_final:	whether this is the response itself, not a 1xx in front of it
 */
enum http_status http_response(const char *in, size_t n, struct strbuf *out, size_t *ret_head_bytes,
			       bool *ret_final);

/* body_take() - how many of the next @n bytes belong to the body; -1 if it is malformed */
ssize_t body_take(struct body *b, const char *in, size_t n);
bool body_is_done(const struct body *b);

#endif
