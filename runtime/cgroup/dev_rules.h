/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev_rules.h - the meaning of an ordered list of device rules, and its two translations; pure
 *
 * For each of read, write and mknod by itself the last rule that names it and matches the device
 * decides; where none does the answer is no. A request is granted when all it asks for is. The v1
 * file interface can say less: a default and exceptions to it (dev_list). The v2 program
 * (bpf_dev.h) says exactly this.
 */
#ifndef CGROUP_DEV_RULES_H
#define CGROUP_DEV_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/plan.h"

enum dev_access { DEV_MKNOD = 1, DEV_READ = 2, DEV_WRITE = 4, DEV_ALL = 7 }; /* as BPF_DEVCG_ACC_* */

unsigned dev_rule_access(const struct plan_dev_rule *r);
/* dev_granted() - what of mknod, read, write the rules grant on one device; the reference */
unsigned dev_granted(const struct plan_dev_rule *r, size_t n, char type, int64_t major, int64_t minor);

struct dev_exception {
	char type; /* b c */
	int64_t major, minor; /* -1 any */
	unsigned access;
};
struct dev_list {
	bool default_allow;
	struct dev_exception *v;
	size_t n;
};

/* dev_reduce() - ERR_UNSUPPORTED where a rule makes a hole in a wider one, which v1 cannot have.
 * dev_list_done() in any case. */
int dev_reduce(const struct plan_dev_rule *r, size_t n, struct dev_list *l, struct err *e);
void dev_list_done(struct dev_list *l);
/* dev_exception_text() - "c 1:3 rwm", as devices.allow takes it */
#define DEV_TEXT_MAX 64
void dev_exception_text(const struct dev_exception *x, char ret[DEV_TEXT_MAX]);

#endif
