/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.h - the system calls of Landlock; 0 or a descriptor, or -1 with errno */
#ifndef SYS_LANDLOCK_H
#define SYS_LANDLOCK_H

#include <stdint.h>

/* What a domain takes away unless a rule gives it back: bits of base/landlock.h. */
struct landlock_handled {
	uint64_t fs, net, scope;
};

/* landlock_abi() - what this kernel offers to this process; 0: nothing */
unsigned landlock_abi(void);

/* landlock_new() - a ruleset, close-on-exec. No more of @h is shown to the kernel than has bits in
 * it: a kernel refuses what it does not know (E2BIG), even where it is zero on some. */
int landlock_new(const struct landlock_handled *h);

/* landlock_allow_beneath() - @access for what @fd is, and for all below where that is a directory.
 * EBADFD: a pipe, a socket and the like, which no domain holds. */
int landlock_allow_beneath(int ruleset, int fd, uint64_t access);

int landlock_allow_port(int ruleset, uint16_t port, uint64_t access);

/* landlock_enter() - for good; the calling thread alone. Takes no_new_privs or CAP_SYS_ADMIN. */
int landlock_enter(int ruleset);

#endif
