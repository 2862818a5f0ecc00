/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - the specification's enumerations: one table each, walked by parsing, printing and features */
#ifndef SPEC_NAMES_H
#define SPEC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_row {
	const char *name;
	uint64_t value; /* the kernel's constant, a bit, or an enum of ours; see the table */
};

struct name_table {
	const char *what; /* for messages: "namespace type" */
	const struct name_row *rows;
	size_t n;
};

extern const struct name_table names_ns;	     /* value: enum oci_ns_type */
extern const struct name_table names_rlimit;	     /* value: RLIMIT_* */
extern const struct name_table names_cap;	     /* value: CAP_* number; CAP_ prefix in name */
extern const struct name_table names_signal;	     /* value: signal number; SIG prefix in name */
extern const struct name_table names_seccomp_action; /* value: SCMP_ACT_* without the data part */
extern const struct name_table names_seccomp_op;     /* value: enum scmp_compare's numbers */
extern const struct name_table names_seccomp_arch;   /* value: AUDIT_ARCH_*-like SCMP_ARCH_* */
extern const struct name_table names_seccomp_flag;   /* value: SECCOMP_FILTER_FLAG_* */
extern const struct name_table names_sched_policy;   /* value: SCHED_* */
extern const struct name_table names_sched_flag;
extern const struct name_table names_io_class;
extern const struct name_table names_mempolicy_mode;
extern const struct name_table names_mempolicy_flag;
extern const struct name_table names_personality;

/* Mount options: what each one does to a mount. */
enum mopt_kind {
	MOPT_FLAG,	  /* per-mount attribute or MS_ flag; @set / @clear */
	MOPT_SB_FLAG,	  /* superblock flag (sync, dirsync, mand, lazytime, silent ...) */
	MOPT_RECURSIVE,	  /* mount_setattr(AT_RECURSIVE): @attr_set / @attr_clear MOUNT_ATTR_* */
	MOPT_PROPAGATION, /* @set MS_SHARED ... (| MS_REC) */
	MOPT_BIND,	  /* bind, rbind */
	MOPT_REMOUNT,
	MOPT_IDMAP,	  /* idmap, ridmap */
	MOPT_TMPCOPYUP,
	MOPT_NOTHING,	  /* defaults */
};
/*
 * Options are taken in order, the later wins: set = (set & ~row.clear) | row.set, and for
 * mount_setattr(2) clear = (clear & ~row.set) | row.clear. An access-time row has its own bits in
 * both attr_set and attr_clear, because the kernel wants the whole field cleared with the set.
 */
struct mopt_row {
	const char *name;
	enum mopt_kind kind;
	uint64_t set, clear;	       /* MS_*; 0 for MOPT_RECURSIVE */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_* */
	bool recursive;		       /* rbind, ridmap, rro ... */
};
extern const struct mopt_row mopt_table[];
extern const size_t mopt_table_n;
const struct mopt_row *mopt_find(const char *name); /* NULL: file-system data */

const char *name_of(const struct name_table *t, uint64_t value); /* NULL if none */
bool name_find(const struct name_table *t, const char *name, uint64_t *ret_value);
/* name_find_signal() - "TERM", "SIGTERM", "RTMIN+3" or "15" (0 to 64); exact case */
bool name_find_signal(const char *s, int *ret_signo);

#endif
