/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - paths as text; nothing here looks at a file system
 *
 * Host path, container path and bundle-relative path are different things: name variables _host,
 * _ctr, _rel. Container paths are resolved only by sys/beneath, under the root's descriptor.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

#include "base/arena.h"

/* path_clean() - absolute, no empty, "." or ".." component; a relative one is taken from "/" */
char *path_clean(struct arena *a, const char *path);
/* path_join() - dir + "/" + rel, unless rel is absolute (then rel), cleaned */
char *path_join(struct arena *a, const char *dir, const char *rel);
/* path_is_within() - whether clean path p is dir or lies below it */
bool path_is_within(const char *p, const char *dir);
/* path_base() - what follows the last '/' */
const char *path_base(const char *p);

#endif
