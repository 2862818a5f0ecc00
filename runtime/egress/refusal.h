/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - the record of what was refused before it was a connection */
#ifndef EGRESS_REFUSAL_H
#define EGRESS_REFUSAL_H

#include "egress/names.h"
#include "egress/record.h"

/* refusal_note() - somebody tried to reach @a; @proto: IPPROTO_TCP or IPPROTO_UDP */
void refusal_note(const struct names *names, struct record *r, const struct ipaddr *a, uint16_t port,
		  uint8_t proto, int64_t now_ms);

#endif
