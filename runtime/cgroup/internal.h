/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - one cgroup directory, and what differs between v1 and v2 */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include "cgroup/cgroup.h"

#define CG_MAX_DEPTH 512 /* nested cgroups that are walked; one descriptor a level */

/* What is said of a directory in messages: CG_FMT, CG_ARG(d) */
#define CG_FMT	  "cgroup %s%s"
#define CG_ARG(d) (d)->mount_host, (d)->path

struct cg_ctx { /* what is being done to which directory */
	const struct op_cgroup *cg;
	const struct plan_cg_dir *dir;
	bool fresh; /* the directory was made by this call */
};

/*
 * Each function: 0, or -1 with the error filled. @fd is the directory, opened for reading.
 * Members may be NULL where there is nothing to do.
 */
struct cg_driver {
	unsigned long magic; /* statfs f_type of the mount */
	/* before a child of @fd is made or used */
	int (*before_child)(const struct cg_ctx *x, int fd, struct err *e);
	/* after child @fd of @parent_fd was made, or found: who made it may not be done with it yet */
	int (*entered)(const struct cg_ctx *x, int parent_fd, int fd, struct err *e);
	/* the last directory: may processes be put here? adds to @ret what the child joins with */
	int (*open_join)(const struct cg_ctx *x, int fd, struct cgroup_fds *ret, struct err *e);
	int (*set_devices)(const struct cg_ctx *x, int fd, struct err *e);
	int (*freeze)(const struct cg_ctx *x, int fd, bool frozen, struct err *e);
	bool (*is_frozen)(int fd); /* false also where it cannot be frozen */
};
extern const struct cg_driver cg_v1, cg_v2;

static inline bool cg_dir_is_v2(const struct plan_cg_dir *d)
{
	return d->controllers[0] == '\0';
}
/* cg_dir_has() - whether v1 directory @d is of the hierarchy that has this controller */
bool cg_dir_has(const struct plan_cg_dir *d, const char *controller);
const struct cg_driver *cg_driver_of(const struct plan_cg_dir *d);

/* dir.c: everything relative to a descriptor */

/* cg_open_mount() - the hierarchy's mount, checked to be one */
int cg_open_mount(const struct plan_cg_dir *d, int *ret_fd, struct err *e);
/* cg_open_dir() - *ret_fd = -1 and success where the cgroup does not exist */
int cg_open_dir(const struct plan_cg_dir *d, int *ret_fd, struct err *e);
/* cg_open_controller() - the directory with the files of a controller (v2: whether or not it is
 * enabled there); -1 if none */
int cg_open_controller(const struct op_cgroup *cg, const char *controller, bool *ret_v2);
/* cg_open_child() - @rel below @fd without links or other mounts; -1 with errno */
int cg_open_child(int fd, const char *rel);
/* cg_read() - a whole small file; bytes read, NUL-terminated, or -1 with errno */
ssize_t cg_read(int fd, const char *file, char *buf, size_t size);
bool cg_read_u64(int fd, const char *file, uint64_t *ret); /* "max" is UINT64_MAX */
int cg_file_write(int fd, const char *file, const char *value); /* -1 with errno */
/* cg_each() - @fn for @fd and every cgroup below it, children first; stops at -1 with errno */
int cg_each(int fd, int (*fn)(int fd, void *arg), void *arg);
/* cg_remove_children() - rmdir of everything below; -1 with errno of the first that stays */
int cg_remove_children(int fd);
/* cg_list_has() - a word of a list separated by commas, spaces or newlines */
bool cg_list_has(const char *list, const char *word);

/* procs.c */
struct cg_pids { pid_t *v; size_t n; };
int cg_collect_pids(int fd, struct cg_pids *p); /* adds the whole subtree's; -1 with errno */
void cg_pids_done(struct cg_pids *p);		/* keeps n */

/* cgroup.c: the directory that can be frozen, or NULL */
const struct plan_cg_dir *cg_freezer(const struct op_cgroup *cg);

#endif
