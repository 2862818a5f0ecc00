/* SPDX-License-Identifier: Apache-2.0 */
/* jail.h - refuse to run with privileges, and give up the system calls that are not needed */
#ifndef EGRESS_JAIL_H
#define EGRESS_JAIL_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/err.h"

#define JAIL_INSNS 256

/* jail_check() - not uid or gid 0, no groups, no capability, no_new_privs set */
int jail_check(struct err *e);

/**
 * jail_enter() - the seccomp filter: what the functions declare (#syscalls:), and nothing else
 * Anything else kills the process: a proxy that does something unforeseen is not to go on. Opening
 * a file says "no such file", which is what the empty root would say.
 */
int jail_enter(struct err *e);

/* jail_program() - that filter, for tests; its length, or more than JAIL_INSNS where it does not fit */
size_t jail_program(struct sock_filter ret[JAIL_INSNS]);

#endif
