/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - the two halves of plan_print_text(); internal to plan/ */
#ifndef PLAN_TEXT_H
#define PLAN_TEXT_H

#include "plan/plan.h"

#define TEXT_INDENT "                    " /* of the lines below an op's first */

/* text_put() - text from a config: what could move the cursor or start a line is shown as '?' */
void text_put(struct strbuf *b, const char *s);

/* text_op() - the op's arguments; no line break at the end */
void text_op(struct strbuf *b, const struct op *op);

#endif
