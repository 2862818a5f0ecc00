/* SPDX-License-Identifier: Apache-2.0 */
/* proc.h - run a program to its end: text on its stdin, its output kept, a time limit */
#ifndef EXEC_PROC_H
#define EXEC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROC_OUTPUT_MAX 1024 /* bytes kept of what it prints, the last ones */

struct proc_run {
	const char *path; /* absolute: PATH is never searched */
	const char *const *argv, *const *envp; /* NULL-terminated */
	const char *input; /* NULL: none */
	const char *cwd;   /* NULL: the caller's; one that cannot be entered is left out */
	int64_t timeout_ms; /* 0: none */
};

struct proc_end {
	int status; /* of wait(2) */
	bool timed_out;
	char output[PROC_OUTPUT_MAX + 1]; /* stdout and stderr, printable, on one line */
};

/**
 * proc_run() - 0 when the program ran, whatever its status; -1 when it could not be executed
 *
 * It gets a process group of its own, killed as a whole when time is up; default signal
 * dispositions and an empty mask; no descriptor but 0, 1 and 2; and dies with the caller. What it
 * leaves unread of @input is no error. A grandchild that keeps its output open is not waited for.
 */
int proc_run(const struct proc_run *r, struct proc_end *ret, struct err *e);

#endif
