/* SPDX-License-Identifier: Apache-2.0 */
/* cbpf.h - a seccomp program looked at as data: the instructions that libseccomp writes, and no other */
#ifndef BASE_CBPF_H
#define BASE_CBPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cbpf_is_known() - every instruction is known, and none leads out of the program */
bool cbpf_is_known(const struct sock_filter *f, size_t n);

/* cbpf_verdict() - what the kernel would do with this call; of a known program only */
uint32_t cbpf_verdict(const struct sock_filter *f, const struct seccomp_data *d);

/* cbpf_leaf() - of a known program: where calls of @arch and @nr come to a verdict, or else to the first
 * look at anything that is not these two; an index */
size_t cbpf_leaf(const struct sock_filter *f, uint32_t arch, int nr);

/**
 * cbpf_part() - the part of a program that decides on one call, whatever its arguments are
 * @ret:	room for @n instructions: a program by itself, for calls of @arch and @nr only
 *
 * Return: its length, 0 where the program cannot be understood. What has the same arguments has the
 * same verdict as with the whole.
 */
size_t cbpf_part(const struct sock_filter *f, size_t n, uint32_t arch, int nr, struct sock_filter *ret);

#endif
