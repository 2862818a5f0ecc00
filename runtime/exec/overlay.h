/* SPDX-License-Identifier: Apache-2.0 */
/* overlay.h - disposable overlays, made while attached nowhere; internal to exec/ */
#ifndef EXEC_OVERLAY_H
#define EXEC_OVERLAY_H

#include "exec/ctx.h"
#include "exec/hide.h"

#define OVERLAY_LOWER_MAX 500 /* OVL_MAX_STACK of the kernel */

struct overlay {
	const char *what_host;	 /* what it lies over, for messages */
	const char **lower_host; /* topmost first */
	int *lower;		 /* their detached clones, id-mapped */
	size_t n_lower;
	const char *upper_host; /* for messages; NULL: tmpfs */
	int upper;		/* detached clone of an empty directory of ours; -1: tmpfs */
	uint64_t tmpfs_size_bytes;
	bool metacopy, userxattr;
	const char *redirect_dir; /* mount option's value; NULL: what metacopy demands */
	uint32_t uid, gid;	  /* outside: who must be able to write */
	bool prove;		  /* that they can; else the child does */
	const struct hide *hide;  /* names that are absent; NULL: none */
};

/**
 * overlay_make() - the overlay as a detached mount
 * @ret_fd: caller closes. Phase: P_MAP, with the caller's privileges.
 *
 * May start and end one process.
 */
int overlay_make(const struct overlay *o, int *ret_fd, struct err *e);

/* overlay_by_fds() - the same by descriptors: Linux 6.15. @upper: holds "upper" and "work"
 * Return: 0, or -1: this kernel does not, or not so. */
int overlay_by_fds(const struct overlay *o, int upper, int *ret_fd);

/* overlay_prove() - whether @uid:@gid, who is asking, can make a file in the overlay @fd */
int overlay_prove(int fd, const char *what, uint32_t uid, uint32_t gid, struct err *e);

/* overlay_redirect() - the value of its option redirect_dir */
const char *overlay_redirect(const struct overlay *o);

/* overlay_prepare() - "upper" in directory @dir, as what it will lie over, and without the hidden
 * names */
int overlay_prepare(const struct overlay *o, int dir, struct err *e);

/* overlay_root_id() - the container's root as host ids; an error where its map has none */
int overlay_root_id(const struct plan *p, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e);

/**
 * overlay_upper() - an empty directory for an upper, as a detached mount
 * @dir_host:	this container's alone; emptied by the first call of a create, made 0700, marked
 *		with its owner, and recorded in c->res->upper_host for removal
 * @sub:	a directory in it; NULL: itself
 */
int overlay_upper(struct exec_ctx *c, const char *dir_host, const char *sub, int *ret_fd,
		  struct err *e);

#endif
