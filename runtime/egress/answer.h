/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the text of a refusal or a failure: one JSON object, and an HTTP response around it */
#ifndef EGRESS_ANSWER_H
#define EGRESS_ANSWER_H

#include "base/str.h"
#include "egress/policy.h"

struct answer {
	enum rule rule;
	const char *host;   /* printable; NULL unknown */
	uint16_t port;	    /* 0 unknown */
	const char *detail; /* one clause more than the rule's reason, or NULL */
	const char *profile;
	bool has_help; /* a denial says where the container can read what it may */
	bool is_greeted;  /* SOCKS: the client knows that it talks to a proxy */
	enum check check; /* what the connection carries, or should */
};

/* answer_dns() - for the name alone, short enough for an answer's extended error */
void answer_dns(struct strbuf *b, const struct answer *a);
/* answer_text() - the same as one line without its end */
void answer_text(struct strbuf *b, const struct answer *a);
void answer_json(struct strbuf *b, const struct answer *a);
void answer_http(struct strbuf *b, const struct answer *a);
/* answer_inside() - in the protocol that the connection itself carries; nothing where that has no
 * words for it */
void answer_inside(struct strbuf *b, const struct answer *a);

#endif
