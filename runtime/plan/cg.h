/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cg.h - turning linux.resources into writes; shared by p_cgroup.c and the cg_*.c files
 *
 * A controller lives in a v1 hierarchy, in v2, or nowhere; on a hybrid host that differs from
 * controller to controller, so every property asks where its controller is. A property that asks
 * for something that the host does not have is an error that names it; a zero that an engine always
 * sends asks for nothing.
 */
#ifndef PLAN_CG_H
#define PLAN_CG_H

#include "plan/plan.h"
#include "spec/oci.h"

enum cg_where { CG_NOWHERE, CG_V1, CG_V2 };

struct cg_build {
	struct arena *a;
	struct op_cgroup *cg;
	const char *v2_controllers; /* of cgroup.controllers */
	const struct oci_resources *r;
	bool update; /* of a cgroup in use */
	const char *why_none; /* where there is no cgroup */
	bool zero_pids; /* pids.limit 0 is a limit (specification 1.3 on) */
};

enum cg_where cg_where(const struct cg_build *c, const char *controller);
/* cg_need() - the same, nowhere being an error that names @prop */
int cg_need(const struct cg_build *c, const char *controller, const char *prop,
	    enum cg_where *ret_where, struct err *e);
/* cg_write() - append one write; values are copied from fmt */
struct plan_cg_write *cg_write(struct cg_build *c, const char *controller, const char *file,
			       const char *prop, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* cg_has_word() - a comma- or space-separated list has it */
bool cg_has_word(const char *list, const char *word);

typedef int cg_fn(struct cg_build *c, struct err *e);
cg_fn cg_memory, cg_cpu, cg_cpuset, cg_pids, cg_blkio, cg_hugetlb, cg_rdma, cg_net, cg_unified;

/* cg_convert.c: v1 scales to v2 scales */
uint64_t cg_weight_of_shares(uint64_t shares);
uint64_t cg_io_weight(uint64_t blkio_weight);
/* memory+swap to swap: *ret -1 is unlimited; returns false for what makes no sense */
bool cg_swap_only(int64_t memory_and_swap, int64_t memory, int64_t *ret_swap);

#endif
