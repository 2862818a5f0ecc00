/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_dev.h - device rules as a BPF_PROG_TYPE_CGROUP_DEVICE program */
#ifndef CGROUP_BPF_DEV_H
#define CGROUP_BPF_DEV_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/plan.h"

struct dev_prog {
	struct bpf_insn *v;
	size_t n;
};

/* dev_prog_build() - dev_granted() as instructions; pure. dev_prog_done() afterwards. */
void dev_prog_build(const struct plan_dev_rule *r, size_t n, struct dev_prog *ret);
void dev_prog_done(struct dev_prog *p);

/**
 * dev_prog_attach() - load @p and make it the only device program of a v2 cgroup
 * @fresh:	the cgroup was just made: nothing can be attached yet
 * A program that was there is detached after the new one counts: no moment is without rules.
 */
int dev_prog_attach(int cgroup_fd, const struct dev_prog *p, bool fresh, struct err *e);

#endif
