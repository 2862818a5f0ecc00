/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_msg.h - one DNS question in, one answer out (RFC 1035, 6891, 8914); pure
 *
 * Nothing is ever asked of another server, so there is nothing to cache, follow or forge. The
 * question's bytes are repeated as they came (clients that vary the case of letters compare them).
 * A name is compared by base/hostname alone: a label with a dot, NUL or anything else in it is not
 * a name, whatever it would look like as text.
 */
#ifndef EGRESS_DNS_MSG_H
#define EGRESS_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hostname.h"

#define DNS_QUERY_MAX  4096u /* bytes of a query; longer ones are refused */
#define DNS_ANSWER_MAX 512u  /* bytes of an answer: fits everybody, so none is ever cut */
#define DNS_TTL	       300u  /* seconds; synthetic addresses never change */

enum dns_type { DNS_A = 1, DNS_SOA = 6, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255 };
enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED,
		 DNS_BADVERS = 16 };
enum dns_ede { DNS_EDE_NONE, DNS_EDE_BLOCKED = 15, DNS_EDE_PROHIBITED = 18 };

struct dns_query {
	uint16_t id, flags;
	const uint8_t *question; /* as it came, with type and class; NULL: there is none */
	size_t question_bytes;
	char name[HOSTNAME_MAX + 1]; /* canonical, if is_name */
	char shown[HOSTNAME_MAX + 1]; /* printable, whatever it is */
	bool is_name;
	uint16_t type, class;
	bool has_edns;
	enum dns_rcode rcode; /* DNS_NOERROR, or the answer that the message itself deserves */
};

struct dns_answer {
	enum dns_rcode rcode;
	bool has_v4, has_v6;
	struct ipaddr v4, v6;
	const char *ptr;      /* a name, or NULL */
	enum dns_ede ede;     /* sent only to who speaks EDNS */
	const char *ede_text; /* cut where it does not fit */
};

/* dns_read() - false: not a question (too short, an answer): say nothing at all */
bool dns_read(const uint8_t *msg, size_t n, struct dns_query *ret);

/* dns_write() - Return: bytes of @out that are used */
size_t dns_write(const struct dns_query *q, const struct dns_answer *a,
		 uint8_t out[DNS_ANSWER_MAX]);

#endif
