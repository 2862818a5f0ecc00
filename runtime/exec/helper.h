/* SPDX-License-Identifier: Apache-2.0 */
/* helper.h - a process for work that changes namespaces, so that the caller's stay as they are */
#ifndef EXEC_HELPER_H
#define EXEC_HELPER_H

#include "base/err.h"

/**
 * helper_run() - call @fn in a helper and wait for its end
 * @fn:		shares memory and descriptors with the caller, not namespaces, root or credentials;
 *		as a caller's function would: 0, or -1 with its error
 *
 * The caller is suspended meanwhile (vfork), so libc state is used by one at a time. It must not be
 * dumpable where @fn enters a namespace in which somebody else is.
 */
int helper_run(int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

#endif
