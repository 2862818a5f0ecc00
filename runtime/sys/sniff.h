/* SPDX-License-Identifier: Apache-2.0 */
/* sniff.h - a packet socket that sees what a network namespace refuses, and nothing else */
#ifndef SYS_SNIFF_H
#define SYS_SNIFF_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SNIFF_BYTES 64u /* of each packet: what says where it was to go */

#define SNIFF_INSNS_MAX(n_ports) (80 + 4 * (n_ports))

/* sniff_program() - the filter; pure. Return: how many of @out, SNIFF_INSNS_MAX() at most */
size_t sniff_program(const uint16_t *ports, size_t n_ports, struct sock_filter *out);

/**
 * sniff_refused() - restrict a packet socket (SOCK_DGRAM) that is not bound yet
 * @ports:	those with a TCP listener; on UDP it is DNS alone
 *
 * From then on only heads of first packets come that nobody takes, and no one can change that.
 */
int sniff_refused(int fd, const uint16_t *ports, size_t n_ports, struct err *e);

/* sniff_start() - see what comes in by the interface @index of the socket's namespace */
int sniff_start(int fd, int index, struct err *e);

#endif
