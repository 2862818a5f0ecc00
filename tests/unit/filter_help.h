/* SPDX-License-Identifier: Apache-2.0 */
/* filter_help.h - one system call behind a filter: loaded for real, in a process of its own, or
 * interpreted */
#ifndef TESTS_UNIT_FILTER_HELP_H
#define TESTS_UNIT_FILTER_HELP_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/ctx.h"
#include "sys/syscalls.h"

/* errno of the call, 0 for none; -1: the filter could not be loaded, or the process was killed */
static inline int behind_filter(const struct seccomp_prog *p, long nr, const uint64_t a[6])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct sock_fprog prog = {
			.len = (unsigned short)(p->n_bytes / sizeof(struct sock_filter)),
			.filter = p->data
		};

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog))
			_exit(255);
		_exit(syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

/* The part of classic BPF that libseccomp writes; anything else is a failure. */
static inline uint32_t verdict(const struct seccomp_prog *p, const struct seccomp_data *d)
{
	const struct sock_filter *code = p->data;
	size_t n = p->n_bytes / sizeof(*code);
	uint32_t acc = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *f = &code[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k > sizeof(*d) - sizeof(acc))
				return UINT32_MAX;
			memcpy(&acc, (const char *)d + f->k, sizeof(acc));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += acc == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += acc > f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += acc >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += acc & f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return UINT32_MAX;
		}
	}
	return UINT32_MAX;
}

#endif
