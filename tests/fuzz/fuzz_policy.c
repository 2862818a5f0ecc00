/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_policy.c - libFuzzer target: any bytes as the proxy's policy, and decisions under it
 *
 * Whatever the policy says: loopback is never dialled, own addresses are never dialled, and what
 * no entry names is refused.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "egress/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static enum rule screen(const struct policy *p, const struct dest *d, const char *addr)
{
	static struct cidr own = { { 4, { 198, 51, 100, 7 } }, 32 };
	struct own_set set = { &own, 1, false };
	struct ipaddr a;

	must(ipaddr_parse(addr, strlen(addr), &a));
	return policy_screen(p, &set, d, &a);
}

static void check_entry(const struct policy *p, const struct policy_entry *en)
{
	const char *host = str_has_prefix(en->host, "*.") ? en->host + 2 : en->host;
	struct dest d;

	must(en->n_ports > 0);
	if (dest_set(&d, host, strlen(host), en->is_addr && en->net.net.family == 6, en->ports[0]))
		return;
	(void)policy_decide(p, &d);
	must(screen(p, &d, "127.0.0.1") == RULE_NEVER);
	must(screen(p, &d, "::ffff:127.0.0.1") == RULE_NEVER);
	must(screen(p, &d, "198.51.100.7") == RULE_OWN);
	if (p->n_denied == 0)
		must(screen(p, &d, "203.0.113.1") == RULE_OK);
	if (p->learn)
		must(policy_decide(p, &d) != RULE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct policy p;
	struct dest d;

	if (policy_read((const char *)data, size, &p, &e)) {
		must(e.kind == ERR_INPUT && e.msg[0]);
		return 0;
	}
	must(p.container && p.profile && p.port);
	for (size_t i = 0; i < p.n_entries; i++)
		check_entry(&p, &p.entries[i]);
	must(dest_set(&d, "nobody.named.this", 17, false, 9) == RULE_OK);
	if (p.n_entries == 0)
		must(policy_decide(&p, &d) != RULE_OK);
	policy_done(&p);
	return 0;
}
