/* SPDX-License-Identifier: Apache-2.0 */
/* hook_state.h - the state document on a hook's (or a seccomp agent's) input */
#ifndef EXEC_HOOK_STATE_H
#define EXEC_HOOK_STATE_H

#include "base/str.h"
#include "plan/plan.h"

/* hook_state() - compact JSON as `state` prints it, "/" unescaped (hooks of other projects broke) */
void hook_state(struct strbuf *b, const struct plan *p, const char *status, int pid);

#endif
