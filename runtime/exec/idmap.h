/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.h - user namespaces that exist only to carry id maps for mounts; internal to exec/ */
#ifndef EXEC_IDMAP_H
#define EXEC_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

struct idmap {
	const struct plan_idmap *uid, *gid;
	size_t n_uid, n_gid;
};

#define IDMAP_MAX_ROWS 340 /* the kernel's own limit of one map */

/**
 * idmap_userns() - a user namespace with these maps and no process in it
 * @procfd:	trusted procfs of the caller's pid namespace
 * @m:		a row {ctr, host, size} shows the id `ctr` on disk as the host's id `host`
 * @ret_fd:	for mount_setattr(2); caller closes
 *
 * Phase: P_MAP; needs CAP_SETUID and CAP_SETGID over the host ids. Starts and ends one process.
 */
int idmap_userns(int procfd, const struct idmap *m, int *ret_fd, struct err *e);

/* idmap_to_host() - what @ctr_id is outside; false: not mapped */
bool idmap_to_host(const struct plan_idmap *rows, size_t n, uint32_t ctr_id, uint32_t *ret_id);

#endif
