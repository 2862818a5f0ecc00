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
	uint8_t state;	 /* chunked: body.c's */
	bool is_lenient; /* chunked: extensions and trailers pass; for responses alone */
};

/* What becomes of a connection behind a response. */
enum http_after {
	HTTP_CLOSE,
	HTTP_KEEP,    /* another request may follow */
	HTTP_UPGRADE, /* WebSocket: bytes both ways, if the server says 101 */
	HTTP_AFTER__COUNT
};

/* What a response must be read with: RFC 9112, 6.3. */
struct http_asked {
	enum http_after after;
	bool is_head;
};

struct http_request {
	bool is_connect;
	struct dest dest;
	struct body body;
	struct http_asked asked;
	size_t head_bytes; /* of the input */
	struct strbuf out; /* absolute form: the head in origin form; strbuf_done() frees it */
};

struct http_response {
	size_t head_bytes;
	bool is_final;	       /* the response itself, not a 1xx in front of it */
	enum http_after after; /* HTTP_UPGRADE: this is a 101, and it was asked for */
	struct body body;      /* HTTP_CLOSE: all that comes */
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
 */
enum http_status http_request_to(const struct dest *to, const char *in, size_t n,
				 struct http_request *ret, enum rule *ret_rule);

/**
 * http_response() - read a response's head, write it anew
 * @asked:	of the request that it answers
 * @out:	on HTTP_DONE the new head is added; "Connection: close" unless the connection stays
 */
enum http_status http_response(const struct http_asked *asked, const char *in, size_t n,
			       struct strbuf *out, struct http_response *ret);

/* body_take() - how many of the next @n bytes belong to the body; -1 if it is malformed */
ssize_t body_take(struct body *b, const char *in, size_t n);
bool body_is_done(const struct body *b);

#endif
