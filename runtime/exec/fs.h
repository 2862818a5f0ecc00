/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.h - what the file-system actions of C_FS share; internal to exec/
 *
 * All container paths are resolved below c->rootfd. Below /dev, /proc and /sys no link is
 * followed: these directories are ours by the time they are worked on, and an image in which they
 * are links wants something else (CVE-2019-19921, CVE-2026-41579, CVE-2026-47766).
 */
#ifndef EXEC_FS_H
#define EXEC_FS_H

#include "exec/ctx.h"
#include "sys/beneath.h"

/* fs_links() - how links in @path_ctr are treated */
enum beneath_link fs_links(const char *path_ctr);

/* fs_mount_point() - O_PATH fd of a directory or file at @path_ctr, made where it is missing */
int fs_mount_point(struct exec_ctx *c, const char *path_ctr, bool is_dir, enum beneath_link links,
		   int *ret_fd, struct err *e);

/* fs_has_own_ns() - whether the container has a namespace of this kind that is not the runtime's */
bool fs_has_own_ns(const struct plan *p, const char *kind);

/* fs_open_mask_file() - do_mask.c: c->mask_file, from the host's /dev/null, once; before do_pivot */
int fs_open_mask_file(struct exec_ctx *c, struct err *e);

/* fs_mask_at() - do_mask.c: cover what @fd (O_PATH) refers to; c->mask_file is open */
int fs_mask_at(struct exec_ctx *c, int fd, struct err *e);

/* fs_hide() - do_hide.c: cover the names in @m->hide below the mount @tree, which is attached */
int fs_hide(struct exec_ctx *c, const struct op_mount *m, int tree, struct err *e);

/* fs_mount_cgroup() - do_cgroupfs.c: OP_MOUNT of kind MOUNT_CGROUP */
int fs_mount_cgroup(struct exec_ctx *c, const struct op_mount *m, struct err *e);

/* fs_copy_up() - do_copyup.c: the content of directory @from into directory @to, which is empty */
int fs_copy_up(int from, int to, struct err *e);

#endif
