/* SPDX-License-Identifier: Apache-2.0 */
/* lifetime.h - limits.maxLifetimeSeconds: a container that is older is killed, and says why */
#ifndef CMD_LIFETIME_H
#define CMD_LIFETIME_H

#include "cmd/container.h"

/**
 * lifetime_watch() - make the process that kills the container when its time is over
 * For `start`, before the gate opens: a container that nobody would end is not started. No limit:
 * nothing is made. The process holds no descriptor of the caller, so that no engine waits for it.
 */
int lifetime_watch(const struct container *c, struct err *e);

/* lifetime_ended() - why the container was ended, one clause; NULL if it was not. Arena text. */
const char *lifetime_ended(const struct container *c);

#endif
