/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h - connections: one fixed table, one state machine for every way in
 *
 *   CONN_HEAD    the way reads bytes until it knows a destination; nothing is consumed before
 *   CONN_DIAL    allowed: resolving and connecting; the client's bytes wait in its socket
 *   CONN_RELAY   both flows run, each with its own end; but first the client's first bytes must be
 *                what the entry says (conn_check.c), and none of them leaves before that; on
 *                port 80 each further request in turn, when the one before is answered
 *   CONN_ANSWER  a refusal or failure is being written
 *   CONN_LINGER  all is said; what the client still sends is thrown away, so that closing does
 *                not reset the connection before it has read the answer
 *
 * Caps: CONN_MAX connections, CONN_HALF_OPEN of them without a destination: the oldest of these makes
 * room for one more. Where all slots are taken, the oldest goes that has yet to say what the entry
 * wants, or its next request; then the one whose server has been silent longest
 * (CONN_DIAL_VICTIM_MS at least); then the one that has been idle longest (CONN_IDLE_VICTIM_MS at
 * least); else the newcomer is told 503. A new way in is a struct way in a file of its own, and a
 * listener.
 */
#ifndef EGRESS_CONN_H
#define EGRESS_CONN_H

#include "egress/answer.h"
#include "egress/dial.h"
#include "egress/names.h"
#include "egress/record.h"
#include "egress/relay.h"

#define CONN_MAX	      1024u
#define CONN_HALF_OPEN	      256u
#define CONN_HEAD_TURN	      32	/* questions of a client, or heads of a server, before others have a turn */
#define CONN_HEAD_FREE	      4096u	/* bytes of a response's head that there is always room for */
#define CONN_QUEUED_MAX	      (4u << 20) /* bytes of larger ones that wait for clients which do not read */
#define CONN_HEAD_MS	      15000	/* from accept to a destination */
#define CONN_ANSWER_MS	      5000	/* for writing an answer, and for lingering */
#define CONN_LINGER_BYTES     (1u << 20)
#define CONN_PROBE_MS	      1000	/* who lives that long is probed: see conn_probe() */
#define CONN_RELAY_MS	      3600000	/* without a byte either way */
#define CONN_KEEP_MS	      60000	/* between a response and the next request */
#define CONN_HALF_CLOSED_MS   600000	/* the same after one side has ended */
#define CONN_IDLE_VICTIM_MS   30000
#define CONN_DIAL_VICTIM_MS   2000
#define CONN_UNSAID_VICTIM_MS 100

enum conn_state {
	CONN_FREE,
	CONN_HEAD,
	CONN_DIAL,
	CONN_RELAY,
	CONN_ANSWER,
	CONN_LINGER,
	CONN_STATE__COUNT
};

enum way_step {
	WAY_MORE,
	WAY_REPLIED, /* something is queued for the client, and it has more to say */
	WAY_GO,
	WAY_REFUSE,
};

struct conn;

/* A way in: how a client says where it wants to go, and how it is told what became of that. */
struct way {
	/* WAY_GO: c->dest is set, what was read is consumed; WAY_REFUSE: *ret_rule is set. NULL
	 * where the connection itself says where it goes. */
	enum way_step (*feed)(struct conn *c, const char *in, size_t n, enum rule *ret_rule);
	/* the server is connected: queue what either side must hear first, set up both flows */
	void (*connected)(struct conn *c);
	/* a refusal in the way's own words; none: the connection is reset */
	void (*answer)(struct strbuf *b, const struct answer *a);
};

struct conn {
	struct conn_table *table;
	const struct way *way;
	enum conn_state state;
	const char *via;
	char asked[HOSTNAME_MAX + 1]; /* printable; what the client said, "" nothing yet */
	struct dest dest;	      /* port 0: none yet */
	struct ipaddr addr;	      /* family 0: none */
	struct side client, server;
	struct flow up, down;
	struct body request_body; /* the way's, between feed and connected */
	struct strbuf request;	  /* likewise: to be sent to the server first */
	bool ends_with_reply;	  /* the last request: the server's end is the end */
	bool wants_reply;
	bool keeps;	   /* another request may follow this response */
	bool has_begun;	   /* that request has */
	struct http_asked wish; /* of the request that is being answered */
	unsigned n_requests; /* of this connection that passed conn_check() */
	bool is_greeted; /* SOCKS: methods are agreed on */
	bool is_open;	 /* what the client hears now comes from inside the connection */
	enum check check; /* what the client must say first; CHECK_NONE once it has */
	bool ech_denied;
	bool is_queued, is_probed;
	struct conn *next; /* in the run queue */
	int64_t started_ms, active_ms, deadline_ms;
	uint64_t lingered;
	struct dial dial;
};

struct conn_table {
	struct loop *loop;
	const struct policy *policy;
	struct names *names;
	struct record *record;
	struct dialler *dialler;
	struct pipe_pool pipes;
	struct conn *conn; /* CONN_MAX */
	size_t max;	   /* as many as descriptors allow */
	size_t high;	   /* used so far */
	size_t n, n_half_open;
	struct conn *run, **run_end;
};

struct listener {
	struct loop_source src;
	struct conn_table *table;
	uint64_t turn;	/* of the loop, when somebody came last */
	bool is_paused; /* out of descriptors or memory: tried again at the next tick */
};

void conn_table_init(struct conn_table *t, size_t max);
int listener_init(struct listener *l, int fd, bool is_in_a, struct conn_table *t, struct err *e);
void listener_tick(struct listener *l);
bool conn_run_queue(struct conn_table *t); /* one turn each; true if some are not finished */
void conn_tick(struct conn_table *t);	   /* deadlines */
void conn_close_all(struct conn_table *t); /* the container is gone */

extern const struct way way_explicit, way_http, way_socks; /* by the proxy's own address */
extern const struct way way_direct, way_dns;		     /* by any other */

#endif
