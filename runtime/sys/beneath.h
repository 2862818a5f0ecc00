/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beneath.h - work on a tree that somebody hostile has made, and may be changing meanwhile
 *
 * Everything takes a descriptor of the root and a container path; nothing is ever resolved by
 * name from the process's own root. Symbolic links are followed as the container would follow
 * them (openat2 RESOLVE_IN_ROOT) and never out of the root; magic links never. EAGAIN and EXDEV
 * races are retried a bounded number of times. Needs openat2 (Linux 5.6): there is no fallback.
 * CVE-2021-30465, CVE-2024-45310, CVE-2026-41579 and -47766 live in code that did otherwise.
 *
 * Where a function fails, e->sys is the errno (ENOENT: nothing is there; ELOOP: a link was
 * refused; EROFS: what is missing could not be made).
 */
#ifndef SYS_BENEATH_H
#define SYS_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "sys/procfs.h"

/* LINK_REFUSE: no component may be a link; LINK_REFUSE_LAST: the last may not. */
enum beneath_link { LINK_FOLLOW, LINK_REFUSE, LINK_REFUSE_LAST };

/* beneath_open() - flags as open(2), O_CLOEXEC added; returns the fd in *ret_fd */
int beneath_open(int rootfd, const char *path_ctr, int flags, mode_t mode, enum beneath_link links,
		 int *ret_fd, struct err *e);
/* beneath_mkdirs() - the directory (@mode) and its missing parents (0755); O_PATH fd of the last.
 * The umask applies. A dangling link is completed: what it names is made. */
int beneath_mkdirs(int rootfd, const char *path_ctr, mode_t mode, enum beneath_link links,
		   int *ret_fd, struct err *e);
/* beneath_touch() - an empty regular file unless something is there; parents made; O_PATH fd of
 * whatever it is now */
int beneath_touch(int rootfd, const char *path_ctr, mode_t mode, enum beneath_link links,
		  int *ret_fd, struct err *e);
/* beneath_parent() - O_PATH fd of the parent (made) and the last component (no '/', not "..");
 * @links is about the parent's path: the last component is not looked at */
int beneath_parent(int rootfd, const char *path_ctr, enum beneath_link links, int *ret_dirfd,
		   const char **ret_name, struct err *e);
/* beneath_write() - a new small file with content, replacing what is there (not following it) */
int beneath_write(int rootfd, const char *path_ctr, const char *data, size_t n, mode_t mode,
		  struct err *e);

#endif
