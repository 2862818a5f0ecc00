/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - the process that becomes the container's */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include "exec/ctx.h"

/* child_create() - phases C_NS to C_EXEC of a new container; an error goes to the parent */
_Noreturn void child_create(struct exec_ctx *c);

/* child_join() - the same for a process that has been put into a running container's namespaces */
_Noreturn void child_join(struct exec_ctx *c);

#endif
