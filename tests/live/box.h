/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box.h - the file-system actions without the rest: a container made of nothing but namespaces
 *
 * box_run() plays exec's part: the sources and the root in a parent, then the ops in order in a
 * child with new namespaces, then the caller's checks in there. All of it in a mount namespace
 * that the test program made for itself (box_setup), so that nothing can stay behind.
 */
#ifndef TESTS_LIVE_BOX_H
#define TESTS_LIVE_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "exec/ctx.h"
#include "plan/plan.h"

#define BOX_BASE 100000u /* the container's id 0, outside */

struct box {
	const struct op *ops; /* C_FS, in order; OP_USERNS and OP_NS are added */
	size_t n_ops;
	bool no_userns;
	bool host_pid, host_cgroup; /* no namespace of its own */
	void (*before_pivot)(struct exec_ctx *c); /* in the child: the host's paths still work */
	void (*inside)(struct exec_ctx *c);
};

/* box_setup() - own mount namespace, and a work directory (its path is box_dir); exits on failure */
#define BOX_DIR_MAX 256
extern char box_dir[BOX_DIR_MAX];
void box_setup(void);
/* box_ok() - one TAP result; box_end() - the plan line, the work directory removed; exit status */
bool box_ok(bool ok, const char *name);
void box_skip(const char *name, const char *why);
int box_end(void);

/* box_run() - 0 if every op succeeded; else -1 and *e, e->op the index in b->ops. Prints a result
 * for each box_check() of the child, and a failing one if the child did not end by itself. */
int box_run(const struct box *b, struct err *e);
void box_check(bool ok, const char *name);

/* box_runs() - the same, and a result called @name: every op succeeded */
bool box_runs(const struct box *b, const char *name);
/* box_fails() - an op must fail with @text in the message */
bool box_fails(const struct box *b, const char *text, const char *name);

/* A tree to make below box_dir: d directory, f file (text), l link (text), w whiteout, n node 1:5 */
struct node { char type; const char *path, *text; unsigned mode, owner; };
void box_tree(const struct node *n, size_t count);
/* box_path() - box_dir/rel, in one of a few rotating static buffers */
const char *box_path(const char *rel);
bool file_is(const char *path, const char *text); /* content */
int write_to(const char *path, const char *text, int flags); /* 0 or errno */

#endif
