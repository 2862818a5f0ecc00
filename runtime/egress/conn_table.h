/* SPDX-License-Identifier: Apache-2.0 */
/* conn_table.h - what conn.c (states) and conn_table.c (slots, accept) share */
#ifndef EGRESS_CONN_TABLE_H
#define EGRESS_CONN_TABLE_H

#include "base/table.h"
#include "egress/conn.h"

void conn_start(struct conn *c, const struct way *way, int fd); /* fd is owned from now on */
void conn_close(struct conn *c);
void conn_table_put(struct conn *c); /* the slot is free again; called by conn_close() only */

#endif
