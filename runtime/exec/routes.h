/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - addresses and routes of A and P
 *
 * Each acts on the network namespace of the rtnetlink socket @fd. Where that has no IPv6, IPv4 alone
 * is configured.
 */
#ifndef EXEC_ROUTES_H
#define EXEC_ROUTES_H

#include <stdint.h>

#include "base/err.h"

/* routes_add_own() - the addresses of a slot (base/egress_steer.h), on lo */
int routes_add_own(int fd, uint32_t slot, struct err *e);
/* routes_local() - every unicast address is this namespace's own: on lo */
int routes_local(int fd, struct err *e);
/* routes_default() - everything else goes by @index to @gate, from @own (both slots) */
int routes_default(int fd, int index, uint32_t gate, uint32_t own, struct err *e);
/* routes_back() - beside routes_local(): the addresses of @slot are reached by @index */
int routes_back(int fd, int index, uint32_t slot, struct err *e);

#endif
