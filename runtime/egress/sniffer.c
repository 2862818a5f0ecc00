/* SPDX-License-Identifier: Apache-2.0 */
/* sniffer.c - heads of refused packets, one a line */
#include "egress/sniffer.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/egress_wire.h"
#include "egress/packet.h"
#include "egress/refusal.h"
#include "egress/start.h"
#include "sys/sniff.h"

#define TURN 64 /* packets before others have a turn */

/* #syscalls: getsockopt
 * What found no room since the last time. */
static uint64_t take_drops(int fd)
{
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof(st);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0 ? st.tp_drops : 0;
}

/* #syscalls: recvfrom */
static void on_packets(struct loop_source *src, uint32_t events)
{
	struct sniffer *s = container_of(src, struct sniffer, src);
	uint8_t head[SNIFF_BYTES];
	struct packet_dest d;

	(void)events;
	for (int i = 0; i < TURN; i++) {
		ssize_t n = recv(src->fd, head, sizeof(head), MSG_DONTWAIT);

		if (n < 0)
			break;
		if (packet_read(head, (size_t)n, &d))
			refusal_note(s->names, s->record, &d.addr, d.port, d.proto,
				     s->loop->now_ms);
	}
	s->record->missing.lines += take_drops(src->fd);
}

int sniffer_start(struct sniffer *s, struct loop *l, const struct names *names, struct record *record,
		  struct err *e)
{
	*s = (struct sniffer){ .src = { -1, on_packets }, .loop = l, .names = names,
			       .record = record };
	if (start_is_absent(EGRESS_FD_SNIFF))
		return 0;
	s->src.fd = EGRESS_FD_SNIFF;
	if (loop_add(l, &s->src, EPOLLIN) < 0)
		return err_sys(e, "watch what is refused");
	return 0;
}
