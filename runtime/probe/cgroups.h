/* SPDX-License-Identifier: Apache-2.0 */
/* cgroups.h - which cgroup hierarchies there are, and where this process is in each */
#ifndef PROBE_CGROUPS_H
#define PROBE_CGROUPS_H

#include "probe/mountinfo.h"
#include "profiles/facts.h"

/**
 * cgroups_find() - fill f->cgroup and f->hierarchies
 * @self:	the text of /proc/self/cgroup; cut up in place, must outlive @f
 * A hierarchy without a mount is left out: nothing can be done in it.
 */
int cgroups_find(struct arena *a, const struct mountinfo_table *mounts, char *self,
		 struct facts *f, struct err *e);

#endif
