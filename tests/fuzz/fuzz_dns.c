/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_dns.c - libFuzzer target: any bytes as a question to the proxy's name server
 *
 * Every answer fits, repeats the question's id, and holds addresses only for names that the policy
 * names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "agentrt-egress-policy 1\ncontainer c\nprofile p\nport 3128\n"
			   "allow ok.test 443\nallow *.w.test 80\nallow 192.0.2.1 80\nend\n";

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct steer_page page;
	static struct policy policy;
	static struct names names;
	uint8_t out[DNS_ANSWER_MAX];
	struct dns_verdict v;
	struct dns_query q;
	struct err e = ERR_INIT;

	if (!names.policy) {
		must(policy_read(text, sizeof(text) - 1, &policy, &e) == 0);
		names_init(&names, &policy, &page);
	}
	size_t n = dns_reply(&names, data, size, out, &v);
	must(n <= DNS_ANSWER_MAX && (n == 0 || n >= 12));
	if (n == 0)
		return 0;
	must(out[0] == data[0] && out[1] == data[1] && (out[2] & 0x80));
	must(dns_read(data, size, &q));
	if (out[7] > 0)
		must(q.is_name && v.rule == RULE_OK && (out[3] & 15) == 0);
	if (v.rule != RULE_OK)
		must((out[3] & 15) == (q.rcode == DNS_FORMERR ? DNS_FORMERR : DNS_NXDOMAIN));
	return 0;
}
