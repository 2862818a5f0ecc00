/* SPDX-License-Identifier: Apache-2.0 */
/* packet.c - IPv4 and IPv6 headers, as far as the ports */
#include "egress/packet.h"

#include <netinet/in.h>
#include <string.h>

#define IP4_BYTES      20
#define IP6_BYTES      40
#define FRAGMENT_BYTES 8
#define PORTS_BYTES    4

/* @at: the header behind the packet's own */
static bool read_ports(const uint8_t *p, size_t n, size_t at, struct packet_dest *d,
		       struct packet_dest *ret)
{
	if ((d->proto != IPPROTO_TCP && d->proto != IPPROTO_UDP) || n < at + PORTS_BYTES)
		return false;
	d->port = (uint16_t)(p[at + 2] << 8 | p[at + 3]);
	*ret = *d;
	return true;
}

static bool read_v4(const uint8_t *p, size_t n, struct packet_dest *ret)
{
	struct packet_dest d = { .addr = { .family = 4 } };
	size_t header;

	if (n < IP4_BYTES)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	if (header < IP4_BYTES || (p[6] & 0x1f) || p[7])
		return false;
	d.proto = p[9];
	memcpy(d.addr.b, p + 16, 4);
	return read_ports(p, n, header, &d, ret);
}

static bool read_v6(const uint8_t *p, size_t n, struct packet_dest *ret)
{
	struct packet_dest d = { .addr = { .family = 6 } };
	size_t at = IP6_BYTES;

	if (n < IP6_BYTES)
		return false;
	d.proto = p[6];
	memcpy(d.addr.b, p + 24, 16);
	if (d.proto == IPPROTO_FRAGMENT) {
		if (n < at + FRAGMENT_BYTES || p[at + 2] || (p[at + 3] & 0xf8))
			return false;
		d.proto = p[at];
		at += FRAGMENT_BYTES;
	}
	return read_ports(p, n, at, &d, ret);
}

bool packet_read(const uint8_t *p, size_t n, struct packet_dest *ret)
{
	switch (n ? p[0] >> 4 : 0) {
	case 4:
		return read_v4(p, n, ret);
	case 6:
		return read_v6(p, n, ret);
	}
	return false;
}
