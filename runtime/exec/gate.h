/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - two fifos in the container's directory: `start` opens one, the outcome is in the other */
#ifndef EXEC_GATE_H
#define EXEC_GATE_H

#include "base/err.h"

/* gate_make() - both fifos, opened for the child (close-on-exec); P_PRE */
int gate_make(int state_dirfd, int *ret_gate, int *ret_result, struct err *e);

/* gate_wait() - one byte; only read(2) */
int gate_wait(int gate, struct err *e);

/* gate_report() - why the program was not executed after all; only write(2) */
void gate_report(int result, const struct err *why);

#endif
