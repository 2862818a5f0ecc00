/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - the two halves of plan_check(); internal to plan/ */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "plan/plan.h"

/* check_op() - the arguments of one op, by its kind */
int check_op(const struct op *op, struct err *e);

/* Absolute, no empty, "." or ".." component, no trailing slash. */
bool check_is_clean(const char *path);

#endif
