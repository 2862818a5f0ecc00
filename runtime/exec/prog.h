/* SPDX-License-Identifier: Apache-2.0 */
/* prog.h - the container's program: environment, working directory, where it is found */
#ifndef EXEC_PROG_H
#define EXEC_PROG_H

#include "exec/ctx.h"

/* prog_env() - c->env: the plan's, with HOME from the container's passwd where the plan wants it
 * and LISTEN_FDS where sockets were passed. C_DROP, before privileges go; needs c->rootfd. */
void prog_env(struct exec_ctx *c);

/* prog_make_cwd() - the working directory and its missing parents, as runc does; C_FS, before the
 * root becomes read-only. Best effort: prog_chdir() reports what is not there. */
void prog_make_cwd(struct exec_ctx *c);

/* prog_chdir() - into the working directory; no magic link is followed (CVE-2024-21626). May be
 * called again after the ids have changed: @last decides whether "permission denied" is final. */
int prog_chdir(struct exec_ctx *c, bool last, struct err *e);

/* prog_find() - c->prog_path: argv[0] in the container's PATH, executable for the calling thread's
 * effective ids. Messages are those that engines look for. */
int prog_find(struct exec_ctx *c, struct err *e);

/* prog_exec() - execve; returns only on failure, with the error as `start` reports it */
int prog_exec(struct exec_ctx *c, struct err *e);

#endif
