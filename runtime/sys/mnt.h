/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mnt.h - mounts as descriptors: made or cloned while attached nowhere, changed, then attached
 *
 * A mount that is attached nowhere is seen by nobody: its attributes and id map are complete
 * before the first path leads to it. It vanishes with its last descriptor unless attached.
 * Flags are MOUNT_ATTR_* and MS_SHARED ... (propagation) throughout.
 */
#ifndef SYS_MNT_H
#define SYS_MNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* mnt_clone() - a detached copy of the mount at @path below @fd ("": @fd itself), from its place
 * on; @recursive with the mounts below. -1 with errno. */
int mnt_clone(int fd, const char *path, bool recursive);

/* What to change of a mount; zeroed means nothing. */
struct mnt_change {
	uint64_t set, clear;
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; MS_REC ignored */
	int userns;	      /* id map to put on a detached mount; -1 or 0: none */
	bool recursive;
};

/* mnt_set() - one mount_setattr(2) on the mount that @fd is the root of. -1 with errno. */
int mnt_set(int fd, const struct mnt_change *ch);

/* mnt_attach() - put a detached mount on what @to_fd refers to. -1 with errno. */
int mnt_attach(int mnt, int to_fd);

/* mnt_umount() - take off the attached mount that @fd is the root of (lazily). Changes the working
 * directory to that root. -1 with errno. */
int mnt_umount(int fd);

/* A new instance of a file system. */
struct mnt_fs {
	const char *type, *source; /* source NULL: none */
	const char *data;	   /* comma-separated options, NULL none */
	const char *label;	   /* SELinux context, NULL none */
	uint64_t sb_clear; /* of the same, to take off again: mnt_reconfigure() */
	uint64_t sb_flags; /* MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC, MS_LAZYTIME, MS_MANDLOCK */
	uint64_t attr;	   /* MOUNT_ATTR_* of the mount */
};

#define MNT_OPTION_MAX 255 /* bytes of one option's value that fsconfig(2) takes */

/* mnt_new() - detached. e->sys is the errno; where the kernel says why, the message does too. */
int mnt_new(const struct mnt_fs *fs, int *ret_fd, struct err *e);

/* mnt_reconfigure() - change the file system that @fd is in (remount): data and sb_flags only */
int mnt_reconfigure(int fd, const struct mnt_fs *fs, struct err *e);

/* mnt_data_fits() - whether every option is short enough for fsconfig(2) */
bool mnt_data_fits(const char *data);

#endif
