/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_packet.c - libFuzzer target: any bytes as the head of a packet that was refused
 *
 * What it says does not change when more of it is there, and nothing is written where it says nothing.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "egress/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet_dest whole, part;
	bool said;

	memset(&whole, 0x55, sizeof(whole));
	memset(&part, 0x55, sizeof(part));
	said = packet_read(data, size, &whole);
	if (said)
		must((whole.proto == IPPROTO_TCP || whole.proto == IPPROTO_UDP) &&
		     (whole.addr.family == 4 || whole.addr.family == 6));
	else
		must(memcmp(&whole, &part, sizeof(whole)) == 0);
	if (packet_read(data, size / 2, &part))
		must(said && part.port == whole.port && part.proto == whole.proto &&
		     memcmp(&part.addr, &whole.addr, sizeof(part.addr)) == 0);
	return 0;
}
