/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - how a failure travels
 *
 * `int f(..., struct err *e)`: 0, or -1 with e filled; on 0 e is untouched, on -1 no ret_*
 * parameter was written. struct err is of fixed size and lives on the caller's stack: no
 * allocation, usable after clone and without memory, and it crosses the sync socket as it is.
 * Lower layers return errors; only cmd/ prints them.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define ERR_MSG_MAX  1536
#define ERR_RULE_MAX 64

enum err_kind {
	ERR_NONE,
	ERR_USAGE,	 /* the command line */
	ERR_INPUT,	 /* a file or message that cannot be read as what it should be */
	ERR_SPEC,	 /* config.json violates the specification */
	ERR_UNSUPPORTED, /* valid, but not implemented here, or the kernel cannot */
	ERR_DENIED,	 /* refused by a profile rule; e->rule names it */
	ERR_NOTFOUND,	 /* no such container */
	ERR_STATE,	 /* the container's state forbids it */
	ERR_EXEC,	 /* the program to execute cannot be: e->sys is ENOENT or EACCES ... */
	ERR_SYS,	 /* a system call failed; e->sys is its errno */
	ERR__COUNT
};

struct err {
	enum err_kind kind;
	int sys;		 /* errno, or 0 */
	int op;			 /* index of the plan op that failed, or -1 */
	char rule[ERR_RULE_MAX]; /* profile rule, or "" */
	char msg[ERR_MSG_MAX];	 /* one lower-case sentence without a period; cut with "..." */
};

#define ERR_INIT { .op = -1 }

/* All four return -1, so that a caller can `return err_set(...)`. A NULL e is allowed. */

/* err_set() - what was attempted on which object, and what is wrong */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* err_sys() - the same, with ": strerror(errno)" appended and e->sys = errno; ERR_SYS */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* err_ctx() - put "fmt: " before the message; returns -1 and leaves kind, sys and rule */
int err_ctx(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * err_deny() - a profile rule refused something
 * @rule:	the rule's name as in agentrt-profile(5)
 * @what:	what was asked for, with its place ("mounts[3]: bind /root/.ssh on /ssh")
 * @why:	why the rule refuses it
 * @allow:	how an administrator allows it, or NULL where nothing does
 */
int err_deny(struct err *e, const char *rule, const char *what, const char *why,
	     const char *allow);

/* err_exit_status() - the program's exit status for a kind; one table (runc uses 1 throughout) */
int err_exit_status(enum err_kind kind);

/* What clang's analyzer cannot see from here, and would take a path on which all of these succeed. */
#if defined(__clang_analyzer__) && !defined(ERR_DEFINES)
#define err_set(...)  ((void)err_set(__VA_ARGS__), -1)
#define err_sys(...)  ((void)err_sys(__VA_ARGS__), -1)
#define err_ctx(...)  ((void)err_ctx(__VA_ARGS__), -1)
#define err_deny(...) ((void)err_deny(__VA_ARGS__), -1)
#endif

#endif
