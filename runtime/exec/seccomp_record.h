/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_record.h - programs that leave refused sockets to agentrt-egress, which records them; pure */
#ifndef EXEC_SECCOMP_RECORD_H
#define EXEC_SECCOMP_RECORD_H

#include "exec/ctx.h"

/* seccomp_record_part() - what @whole says of socket(2), as a program of its own: the caller frees it.
 * false: it cannot be told, or is longer than the proxy takes */
bool seccomp_record_part(const struct seccomp_prog *whole, struct seccomp_prog *ret);

/**
 * seccomp_record_notify() - @whole, but what it answers to socket(2) with an errno is left to a
 * listener
 * @part:	of @whole
 *
 * Return: false where that is longer than the kernel takes; *ret (the caller frees) is untouched.
 */
bool seccomp_record_notify(const struct seccomp_prog *whole, const struct seccomp_prog *part,
			   struct seccomp_prog *ret);

/**
 * seccomp_record_yield() - @whole, but what it answers to socket(2) with an errno passes where @part
 * (of the filter that stands beside it) has an errno for it, too
 *
 * Together they let through what they let through before: an errno would hide the attempt, for it is
 * the stricter action. What either allows, kills or traps is not touched. Return: as above.
 */
bool seccomp_record_yield(const struct seccomp_prog *whole, const struct seccomp_prog *part,
			  struct seccomp_prog *ret);

#endif
