/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c - what the kernel refused for us, as a line of the decision log */
#include "egress/refusal.h"

#include <netinet/in.h>
#include <string.h>

static enum rule rule_of(const struct policy *p, const struct dest *d, uint8_t proto)
{
	enum rule r = proto == IPPROTO_UDP ? RULE_UDP : policy_decide(p, d);

	return r == RULE_OK ? RULE_STEERED : r;
}

void refusal_note(const struct names *names, struct record *r, const struct ipaddr *a, uint16_t port,
		  uint8_t proto, int64_t now_ms)
{
	struct dest d = { .addr = *a, .port = port };
	struct record_line line = { .via = proto == IPPROTO_UDP ? "udp" : "transparent" };
	const char *name = names_at(names, names_of_addr(a));

	ipaddr_print(&d.addr, d.name);
	d.is_addr = !name;
	if (name)
		memcpy(d.name, name, strlen(name) + 1);
	line.rule = rule_of(names->policy, &d, proto);
	line.name = d.name;
	line.port = d.port;
	record_write(r, &line, now_ms);
}
