/* SPDX-License-Identifier: Apache-2.0 */
/* lo.h - the loopback interface of the network namespace that the caller is in */
#ifndef EXEC_LO_H
#define EXEC_LO_H

#include "base/err.h"

/* lo_up() - needs CAP_NET_ADMIN in the namespace's owner */
int lo_up(struct err *e);

#endif
