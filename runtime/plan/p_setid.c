/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_setid.c - a filter beside the others: no file becomes set-user-id or set-group-id
 *
 * A project's files are those of its owner on the host, and so is the bit: the mount is nosuid in the
 * container, not where the host has the directory. The kernel has no mount that forbids the bit to be
 * set, so the system calls that set it are refused, wherever the file is: docs/decisions/0006-setid.md.
 *
 * The bit is an argument of these calls, except of openat2(2), which has it in memory that no filter
 * reads and is answered as by a kernel without it; and of an io_uring's requests, which no filter sees.
 * Checklist: a new call with a mode that the kernel does not mask (as it does for mkdir) is a row here.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/stat.h>

#include "base/mutant.h"
#include "base/table.h"
#include "plan/p.h"

#define ANY_FLAGS 6u /* no such argument: the mode always counts */
/* O_TMPFILE without O_DIRECTORY, which is all that opening a directory has of it */
#define TMPFILE ((uint64_t)(O_TMPFILE & ~O_DIRECTORY))

static const struct {
	const char *name;
	unsigned mode, flags; /* arguments; the mode of the last two counts where a file is made */
} calls[] = {
	{ "chmod", 1, ANY_FLAGS },	{ "fchmod", 1, ANY_FLAGS },  { "fchmodat", 2, ANY_FLAGS },
	{ "fchmodat2", 2, ANY_FLAGS },	{ "creat", 1, ANY_FLAGS },   { "mknod", 1, ANY_FLAGS },
	{ "mknodat", 2, ANY_FLAGS },	{ "open", 2, 1 },	     { "openat", 3, 2 },
};

static const struct { const char *name; uint32_t action; } blind[] = {
	{ "openat2", SCMP_ACT_ERRNO(ENOSYS) },
	{ "io_uring_setup", SCMP_ACT_ERRNO(EPERM) },
};

static void add(struct build *b, struct op_seccomp *s, const char *name, uint32_t action,
		struct plan_sc_arg *args, size_t n_args)
{
	struct plan_sc_rule r = { .action = action, .args = args, .n_args = n_args };

	*arena_push(b->a, r.names, r.n_names) = name;
	*arena_push(b->a, s->rules, s->n_rules) = r;
}

static void refuse(struct build *b, struct op_seccomp *s, size_t call, uint64_t bit, uint64_t flag)
{
	struct plan_sc_arg *args = NULL;
	size_t n = 0;

	*arena_push(b->a, args, n) = (struct plan_sc_arg){ calls[call].mode, SCMP_CMP_MASKED_EQ, bit, bit };
	if (flag)
		*arena_push(b->a, args, n) =
			(struct plan_sc_arg){ calls[call].flags, SCMP_CMP_MASKED_EQ, flag, flag };
	add(b, s, calls[call].name, SCMP_ACT_ERRNO(EPERM), args, n);
}

void p_setid(struct build *b)
{
	static const uint64_t bits[] = { S_ISUID, S_ISGID };
	struct op_seccomp s = { .default_action = SCMP_ACT_ALLOW,
				.bad_arch_action = SCMP_ACT_KILL_PROCESS };

	if (!b->profile || !b->profile->no_setid || mutant("process.setid"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (size_t k = 0; k < ARRAY_SIZE(bits); k++) {
			if (calls[i].flags == ANY_FLAGS) {
				refuse(b, &s, i, bits[k], 0);
				continue;
			}
			refuse(b, &s, i, bits[k], O_CREAT);
			refuse(b, &s, i, bits[k], TMPFILE);
		}
	for (size_t i = 0; i < ARRAY_SIZE(blind); i++)
		add(b, &s, blind[i].name, blind[i].action, NULL, 0);
	plan_add(b->p, OP_SECCOMP, "profile", "process.setid")->u.seccomp = s;
}
