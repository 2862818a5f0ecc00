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
/* http_reply() - what the server says first, while c->wants_reply; steps as struct way has them */
enum way_step http_reply(struct conn *c, const char *in, size_t n, enum rule *ret_rule);
void conn_table_put(struct conn *c); /* the slot is free again; called by conn_close() only */

#endif
