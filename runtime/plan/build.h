/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - making plans: what cmd/ calls; exec/ includes plan.h alone and never this */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "plan/plan.h"
#include "profiles/tighten.h"

struct plan_opts {
	const char *id, *bundle_host;
	bool no_pivot, no_new_keyring;
	const char *state_root; /* --root */
};

/* plan_build() - decide everything that create does; pure. The plan has passed plan_check(). */
int plan_build(struct arena *a, const struct tight *t, const struct facts *f,
	       const struct plan_opts *o, struct plan **ret_plan, struct err *e);

/**
 * plan_build_exec() - decide what `exec` does
 * @s:		the saved, tightened spec of the container
 * @proc:	already tightened
 * @init_pid:	names the namespaces to join: OP_NS rows have path_host "/proc/<pid>/ns/x"
 */
struct exec_target {
	const char *id, *bundle_host;
	int init_pid;
	struct plan_cg_dir *dirs;
	size_t n_dirs;
	const char *profile;
	const struct profile *rules; /* the same one read again; NULL: no domain */
	bool no_new_keyring;
	bool takes_listeners; /* the container's proxy records what sockets are refused */
	uint64_t ns_ino[NS__COUNT]; /* from the state, compared after opening; 0: not recorded */
};
int plan_build_exec(struct arena *a, const struct oci_spec *s, const struct oci_process *proc,
		    const struct oci_seccomp *seccomp2, const struct facts *f,
		    const struct exec_target *t, struct plan **ret_plan, struct err *e);

/* plan_build_update() - the writes of `update`, against the dirs in the state */
int plan_build_update(struct arena *a, const struct oci_resources *r, const struct facts *f,
		      struct op_cgroup *cg, struct err *e);

#endif
