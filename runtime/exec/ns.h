/* SPDX-License-Identifier: Apache-2.0 */
/* ns.h - the kinds of namespaces: one table, and opening what a plan names */
#ifndef EXEC_NS_H
#define EXEC_NS_H

#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

/* The numbers of struct op_ns.type (those of the OCI specification's table). */
enum ns_type {
	NS_T_PID,
	NS_T_NETWORK,
	NS_T_MOUNT,
	NS_T_IPC,
	NS_T_UTS,
	NS_T_USER,
	NS_T_CGROUP,
	NS_T_TIME,
	NS_TYPE__COUNT
};

struct ns_row {
	const char *name; /* OCI */
	const char *proc; /* file in /proc/<pid>/ns */
	int flag;	  /* CLONE_NEW* */
};
extern const struct ns_row ns_table[];

/**
 * ns_open() - a namespace by path
 * @ino:	what the plan saw; 0: not compared
 *
 * The file opened must be a namespace of the wanted type (NS_GET_NSTYPE) and number: a path that
 * leads elsewhere by now is refused. Return: 0 and the fd.
 */
int ns_open(const char *path, enum ns_type type, uint64_t ino, int *ret_fd, struct err *e);

/* ns_ino() - a namespace's inode number, 0 on failure */
uint64_t ns_ino(int fd);

/* ns_owner_ino() - inode of the user namespace that owns it, 0 where that is out of sight */
uint64_t ns_owner_ino(int fd);

/* ns_of() - a namespace of a process by its pid, or "self", below a trusted procfs */
int ns_of(int procfd, const char *pid, enum ns_type type, int *ret_fd, struct err *e);

/* ns_find() - the plan's op for a namespace kind, NULL: inherited */
const struct op_ns *ns_find(const struct plan *p, enum ns_type type);

/* ns_is_new() - whether the plan makes one of this kind */
bool ns_is_new(const struct plan *p, enum ns_type type);

#endif
