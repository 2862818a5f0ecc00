/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - the contract of egress_wire.h, checked before anything is served */
#ifndef EGRESS_START_H
#define EGRESS_START_H

#include "egress/policy.h"

/* start_check_fds() - each descriptor is what it should be; all beyond are closed. *ret_listen: how
 * many sockets of P follow EGRESS_FD__END. */
int start_check_fds(size_t *ret_listen, struct err *e);
/* start_is_absent() - whether /dev/null stands for what is not there */
bool start_is_absent(int fd);
int start_read_policy(struct policy *ret, struct err *e);
/* start_max_conns() - how many connections RLIMIT_NOFILE has room for */
int start_max_conns(size_t *ret, struct err *e);
/* start_report() - tell the runtime: NULL we serve, else why not; closes the pipe */
void start_report(const struct err *e);

#endif
