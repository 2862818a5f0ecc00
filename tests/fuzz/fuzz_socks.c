/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_socks.c - libFuzzer target: any bytes as SOCKS 5, greeting and request */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/socks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dest d = { 0 }, again;
	enum rule rule = RULE_OK;
	size_t used = 0;

	if (socks_greeting(data, size, &used) == HTTP_DONE)
		must(used >= 3 && used <= size);
	switch (socks_request(data, size, &d, &used, &rule)) {
	case HTTP_DONE:
		must(used <= size && d.port != 0 && d.name[0]);
		must(dest_set(&again, d.name, strlen(d.name), d.is_addr && d.addr.family == 6,
			      d.port) == RULE_OK &&
		     strcmp(again.name, d.name) == 0);
		break;
	case HTTP_BAD:
		must(rule_info(rule)->class == RULE_DENIES);
		break;
	case HTTP_MORE:
		must(size < 4 + 1 + 255 + 2);
		break;
	}
	return 0;
}
