/* SPDX-License-Identifier: Apache-2.0 */
/* http_head.h - a head split into its lines and fields; shared by http_request and http_response */
#ifndef EGRESS_HTTP_HEAD_H
#define EGRESS_HTTP_HEAD_H

#include "egress/http.h"

struct text {
	const char *s;
	size_t n;
};

enum field_kind {
	FIELD_OTHER,
	FIELD_HOST,
	FIELD_LENGTH,
	FIELD_CODING, /* Transfer-Encoding */
	FIELD_CONNECTION,
	FIELD_UPGRADE, /* goes on only as http_request and http_response write it */
	FIELD_HOP,     /* meant for the next hop alone: never forwarded */
};

struct field {
	enum field_kind kind;
	struct text name, value; /* value without space around it */
};

struct head {
	struct text start; /* the first line */
	struct field field[HTTP_FIELDS_MAX];
	size_t n;
	size_t bytes; /* with the empty line */
};

/* head_split() - HTTP_BAD sets *ret_rule (syntax, framing or size) */
enum http_status head_split(const char *in, size_t n, size_t max, struct head *h,
			    enum rule *ret_rule);

bool text_is(struct text t, const char *s); /* ASCII case ignored */
bool chr_is_token(char c);
bool text_is_token(struct text t);
/* text_cut() - what stands before the first @sep, which is consumed with it; false if none is left */
bool text_cut(struct text *t, char sep, struct text *ret);
struct text text_trim(struct text t);

/* head_print_fields() - all that may be forwarded, but Host, lengths and codings only if asked */
void head_print_fields(struct strbuf *b, const struct head *h, bool with_framing);

/* head_print_end() - what the connection is told about itself, and the empty line */
void head_print_end(struct strbuf *b, enum http_after after);

/* head_connection_names() - whether Connection has this word: close, upgrade, a field's name */
bool head_connection_names(const struct head *h, const char *word);

/* head_wants_websocket() - Connection: upgrade, and Upgrade once, with "websocket" alone */
bool head_wants_websocket(const struct head *h);

bool text_is_exactly(struct text t, const char *s); /* case and all */
bool text_to_length(struct text t, uint64_t *ret);  /* digits alone, at most INT64_MAX */

/* head_connection_is_safe() - whether Connection names no header that this head depends on */
bool head_connection_is_safe(const struct head *h);

#endif
