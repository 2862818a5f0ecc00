/* SPDX-License-Identifier: Apache-2.0 */
/* selfexe.h - this program's own file, and who could write to it through /proc/<pid>/exe */
#ifndef EXEC_SELFEXE_H
#define EXEC_SELFEXE_H

#include "base/err.h"
#include "plan/plan.h"

/* selfexe_check() - an error where the plan's container could overwrite this program and nobody has
 * called exec_protect_self() */
int selfexe_check(const struct plan *p, struct err *e);

#endif
