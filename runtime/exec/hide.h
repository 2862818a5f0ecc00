/* SPDX-License-Identifier: Apache-2.0 */
/* hide.h - finding the names in a project that must not be seen; internal to exec/ */
#ifndef EXEC_HIDE_H
#define EXEC_HIDE_H

#include "base/err.h"
#include "plan/plan.h"

#define HIDE_MAX_DEPTH	 64u	    /* directories below the project, one descriptor each */
#define HIDE_MAX_ENTRIES 1000000u   /* looked at, about a second */
#define HIDE_MAX_FOUND	 1000u	    /* hidden: one mount or whiteout each */

/* Names as fnmatch(3) patterns of one path component. */
struct hide {
	const char *const *names, *const *except; /* except: shown, and a directory not searched */
	size_t n_names, n_except;
};

/* One match: @name in the open directory @dir, @path_rel below the root; not 0 ends the walk. */
typedef int hide_found(void *ctx, int dir, const char *name, const char *path_rel, struct err *e);

/**
 * hide_walk() - call @found for each entry below @root whose name matches, each socket, each pipe
 * @root: readable directory; may be changed meanwhile by somebody hostile
 *
 * Follows no link and stays on the file system of @root. What matches is not searched. Directories
 * that may not be read are skipped: who calls has every right that the container will have.
 * A tree beyond the limits above is an error: what was not searched may hold anything.
 */
int hide_walk(int root, const struct hide *h, hide_found *found, void *ctx, struct err *e);

#endif
