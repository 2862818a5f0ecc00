/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_compile.h - from the plan's rules to a program for the kernel; parent only */
#ifndef EXEC_SECCOMP_COMPILE_H
#define EXEC_SECCOMP_COMPILE_H

#include "base/str.h"
#include "exec/ctx.h"

/* seccomp_compile() - with libseccomp, always; caller frees ret->data */
int seccomp_compile(const struct op_seccomp *s, struct seccomp_prog *ret, struct err *e);

/* seccomp_compile_long() - the same before seccomp_shrink(), for its tests */
int seccomp_compile_long(const struct op_seccomp *s, struct seccomp_prog *ret, struct err *e);

/* seccomp_shrink() - the same verdict for every call in fewer instructions, where that is possible */
void seccomp_shrink(struct seccomp_prog *p);

/* seccomp_input() - everything that decides the program, as bytes: equal input, equal program */
void seccomp_input(struct strbuf *b, const struct op_seccomp *s);

/**
 * seccomp_cache_get() - a program compiled earlier for this input
 * @dir:	absolute path
 *
 * Return: true and the program (caller frees), false where there is none that can be trusted: a
 * directory or file of another user or writable by others, a damaged or a different entry.
 */
bool seccomp_cache_get(const char *dir, const struct strbuf *input, struct seccomp_prog *ret);

/* seccomp_cache_put() - keep a program; best effort: a container must start without it */
void seccomp_cache_put(const char *dir, const struct strbuf *input,
		       const struct seccomp_prog *prog);

#define SECCOMP_MAX_INSNS 4096 /* BPF_MAXINSNS */

#endif
