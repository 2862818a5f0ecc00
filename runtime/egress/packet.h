/* SPDX-License-Identifier: Apache-2.0 */
/* packet.h - where a packet was to go; pure */
#ifndef EGRESS_PACKET_H
#define EGRESS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hostname.h"

struct packet_dest {
	struct ipaddr addr;
	uint16_t port;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
};

/**
 * packet_read() - an IP packet from its first byte, or the beginning of one
 *
 * Return: false where it does not say, or is neither TCP nor UDP; then *ret is untouched.
 */
bool packet_read(const uint8_t *p, size_t n, struct packet_dest *ret);

#endif
