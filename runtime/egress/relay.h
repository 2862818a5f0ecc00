/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h - bytes from one socket to another
 *
 * No byte of a flow is held in user space: what a peek shows is sent on, and only what was sent is
 * consumed, so the kernel's socket buffers are the only buffers, and a peer that does not read
 * costs nothing here. (What was checked before it may pass, heads and a ClientHello, is queued.)
 * Once a flow has moved RELAY_SPLICE_AFTER bytes it goes through a pipe from a small pool instead,
 * which it holds only while bytes are in it.
 *
 * The client is always on this host, so a large buffer at its end only holds more than the
 * processors' caches do: what waits there is kept short (decision 0003). At the server's end the
 * kernel sizes the buffers, for there the network's delay has to be filled; but what a server does
 * not take waits with the client.
 *
 * Sockets are watched edge-triggered: can_read and can_write hold what is known, and a flow runs
 * until one of them is false or its turn is over.
 */
#ifndef EGRESS_RELAY_H
#define EGRESS_RELAY_H

#include "egress/http.h"
#include "egress/loop.h"

#define RELAY_SPLICE_AFTER (256u << 10) /* bytes */
#define RELAY_PIPE_BYTES   (256u << 10) /* pages, each of which may hold one packet only */
#define RELAY_SPLICE_BYTES (128u << 10) /* at once */
#define RELAY_TO_CLIENT	   (192u << 10) /* of the kernel's buffers at a client's end ... */
#define RELAY_FROM_CLIENT  (96u << 10)	/* ... which doubles both */
#define RELAY_UNSENT_BYTES (256u << 10) /* that wait in a socket, beyond what is under way */
#define RELAY_PIPES	   16u
#define RELAY_ROOM_BYTES   (1u << 20) /* for what must be there before any of it is consumed */
#define RELAY_TURN	   (1u << 20) /* bytes that a flow may move before others have a turn */

/* One end of a connection. */
struct side {
	struct loop_source src;
	bool can_read, can_write;
	bool hung_up;	      /* the peer closed its half; there may be bytes before that */
	bool has_ended;	      /* there are none any more: its end has been read */
	bool is_roomy;	      /* see side_wants_more() */
	size_t shown;	      /* all that was there, when it was looked at; 0: more than that, or its end */
	bool is_shut;	      /* we closed ours */
	struct strbuf queued; /* heads and answers of ours, to be sent before anything else */
	size_t sent;	      /* of queued */
};

struct flow {
	struct body body; /* what may pass, and where it ends */
	uint64_t moved;
	int pipe; /* index, -1 none */
	size_t in_pipe;
	bool is_bounded; /* see RELAY_UNSENT_BYTES */
	bool is_over; /* the end has been passed on, or nothing more may pass */
};

struct pipe_pool {
	int fd[RELAY_PIPES][2];
	size_t n_open;
	unsigned n_free;
	uint8_t free[RELAY_PIPES];
};

enum relay_status {
	RELAY_IDLE,  /* waiting for an event */
	RELAY_AGAIN, /* its turn is over, there is more */
	RELAY_END,   /* this flow is over */
	RELAY_GONE,  /* the receiver takes no more; it may still have something to say */
	RELAY_BROKEN /* the sender failed, or its body is malformed or cut short */
};

void side_init(struct side *s, int fd, void (*fn)(struct loop_source *, uint32_t));
void side_close(struct side *s, struct loop *l);
void side_note_events(struct side *s, uint32_t events);
/* side_flush() - send what is queued; RELAY_END when nothing is left */
enum relay_status side_flush(struct side *s);

enum relay_status flow_run(struct flow *f, struct side *from, struct side *to,
			   struct pipe_pool *pipes);
void flow_done(struct flow *f, struct pipe_pool *pipes);

/* side_peek() - what has arrived, at most @max bytes of the shared buffer; valid until the next
 * call of anything here. Return: as recv(2) */
ssize_t side_peek(struct side *s, size_t max, const char **ret_bytes);
bool side_consume(struct side *s, size_t n);
/* side_wants_more() - what was shown is not all that is needed, and stays where it is */
void side_wants_more(struct side *s);

#endif
