/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hello.c - libFuzzer target: any bytes as the beginning of a TLS connection
 *
 * A verdict holds whatever follows, and a shorter beginning never had another one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hello whole, part;
	enum hello_status st = tls_hello(data, size, &whole), half;
	char canon[HOSTNAME_MAX + 1];

	if (st == HELLO_DONE && whole.sni[0])
		must(hostname_canon(whole.sni, strlen(whole.sni), canon) &&
		     strcmp(canon, whole.sni) == 0);
	half = tls_hello(data, size / 2, &part);
	if (half != HELLO_MORE)
		must(half == st);
	if (half == HELLO_DONE)
		must(strcmp(part.sni, whole.sni) == 0 && part.has_ech == whole.has_ech);
	return 0;
}
