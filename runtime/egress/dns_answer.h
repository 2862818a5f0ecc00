/* SPDX-License-Identifier: Apache-2.0 */
/* dns_answer.h - what a name server inside A says: from the policy alone, never from another server */
#ifndef EGRESS_DNS_ANSWER_H
#define EGRESS_DNS_ANSWER_H

#include "egress/dns_msg.h"
#include "egress/names.h"

struct dns_verdict {
	enum rule rule; /* RULE_OK: nothing to record */
	char name[HOSTNAME_MAX + 1];
};

/**
 * dns_reply() - answer one message
 * @out:	DNS_ANSWER_MAX bytes
 * @ret:	what is to be recorded
 * Return: bytes of the answer, 0: say nothing
 */
size_t dns_reply(struct names *names, const uint8_t *msg, size_t n, uint8_t *out,
		 struct dns_verdict *ret);

#endif
