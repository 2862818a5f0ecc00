/* SPDX-License-Identifier: Apache-2.0 */
/* conn_table.h - what conn.c (states) and conn_table.c (slots, accept) share */
#ifndef EGRESS_CONN_TABLE_H
#define EGRESS_CONN_TABLE_H

#include "base/table.h"
#include "egress/conn.h"

/* conn_start() - @fd is owned from now on; @d: where to, port 0 if the client has yet to say so */
void conn_start(struct conn *c, const struct way *way, int fd, const struct dest *d);
void conn_close(struct conn *c);
/* conn_check() - what the client says first. RULE_OK with *ret_more: not all of it is there */
enum rule conn_check(struct conn *c, bool *ret_more);
/* conn_http_reply() - the heads of the response, while c->wants_reply. RELAY_GONE: the server ended
 * without one; RELAY_BROKEN: it is not HTTP, or there is no room; @ret_rule: which */
enum relay_status conn_http_reply(struct conn *c, enum rule *ret_rule);
/* conn_http_next() - both flows are over and the connection stays: another request may come */
void conn_http_next(struct conn *c);
bool conn_http_is_spent(struct conn *c); /* instead of a request there can only be the end */
void conn_http_note_begun(struct conn *c);
void conn_probe(int fd); /* find out when the peer has gone */
void conn_set_deadline(struct conn *c, int64_t in_ms);
void conn_enqueue(struct conn *c); /* it has more to do: another turn */
void conn_table_put(struct conn *c); /* the slot is free again; called by conn_close() only */

#endif
