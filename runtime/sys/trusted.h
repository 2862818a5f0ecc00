/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.h - files that decide about policy: opened only if nobody else could have put them there */
#ifndef SYS_TRUSTED_H
#define SYS_TRUSTED_H

#include "base/err.h"

/**
 * trusted_open() - for reading; each directory from "/" on, each symbolic link and the file itself
 * must belong to root or to the caller and be writable by nobody else
 * @path_host:	absolute
 * @flags:	further flags of open(2), such as O_DIRECTORY
 * A directory like /tmp (sticky) is trusted to hold directories, not files or links: anybody may
 * put a hard link to an old file of root's there. In a user namespace an owner without a mapping
 * counts as root, for that is how root of the host looks from there.
 * Return: 0, or -1: ERR_DENIED says what is wrong with which of them; ERR_SYS with ENOENT where
 * there is no such file (a link that leads nowhere is ERR_INPUT)
 */
int trusted_open(const char *path_host, int flags, int *ret_fd, struct err *e);

#endif
