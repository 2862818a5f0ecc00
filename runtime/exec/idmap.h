/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.h - writing id maps, and user namespaces that exist only to carry them; internal to exec/ */
#ifndef EXEC_IDMAP_H
#define EXEC_IDMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

struct idmap {
	const struct plan_idmap *uid, *gid;
	size_t n_uid, n_gid;
	bool deny_setgroups; /* before: the kernel demands it of an ordinary user */
	bool newidmap;	     /* by newuidmap(1) and newgidmap(1) */
};

#define IDMAP_MAX_ROWS 340 /* the kernel's own limit of one map */

/**
 * idmap_write() - the maps of the user namespace that @pid is in
 * @procfd:	trusted procfs of the caller's pid namespace
 *
 * Should: write each map in one write(2), as the kernel demands. Mustn't: look for newuidmap(1) in
 * PATH.
 */
int idmap_write(int procfd, pid_t pid, const struct idmap *m, struct err *e);

/**
 * idmap_userns() - a user namespace with these maps and no process in it
 * @procfd:	trusted procfs of the caller's pid namespace
 * @m:		a row {ctr, host, size} shows the id `ctr` on disk as the host's id `host`
 * @ret_fd:	for mount_setattr(2) and setns(2); caller closes
 *
 * Phase: P_MAP; needs a right to the host ids, or newuidmap(1)'s. Starts and ends one process.
 */
int idmap_userns(int procfd, const struct idmap *m, int *ret_fd, struct err *e);

/* idmap_to_host() - what @ctr_id is outside; false: not mapped */
bool idmap_to_host(const struct plan_idmap *rows, size_t n, uint32_t ctr_id, uint32_t *ret_id);

#endif
