/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs.h - a procfs that nobody can have mounted things over, and writes that land in it
 *
 * CVE-2019-16884, CVE-2019-19921, CVE-2025-52881: a label or limit was written into a file that
 * only looked like procfs. So: a descriptor of our own instance, resolution that crosses no mount
 * and no magic link, and a check of the file that was opened.
 */
#ifndef SYS_PROCFS_H
#define SYS_PROCFS_H

#include <stdbool.h>

#include "base/err.h"

/* procfs_open() - root directory of a trusted procfs: a private, detached instance of the caller's
 * pid namespace where that may be mounted, else a clone of /proc, else /proc itself; verified */
int procfs_open(int *ret_fd, struct err *e);

/* procfs_openat() - a file below @procfd ("self/uid_map"), no magic link followed */
int procfs_openat(int procfd, const char *rel, int flags, int *ret_fd, struct err *e);

/* procfs_open_link() - what a magic link below @procfd leads to ("123/ns/user") */
int procfs_open_link(int procfd, const char *rel, int flags, int *ret_fd, struct err *e);

/* procfs_write() - @data in one write(2) to a file below @procfd */
int procfs_write(int procfd, const char *rel, const char *data, struct err *e);

bool fd_is_procfs(int fd); /* by fstatfs magic */

#endif
