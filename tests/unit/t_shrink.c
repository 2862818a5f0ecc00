/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_shrink.c - a filter that was made shorter gives the verdicts of the long one
 *
 * Both are interpreted: on the numbers around every constant of the long one, the x32 entry point's
 * and -1, for two architectures and a third one, with arguments around every constant and others. The
 * filters are libseccomp's of random rules, random programs of all instructions that it writes, and
 * some that must stay as they are.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "exec/seccomp_compile.h"
#include "tests/unit/filter_help.h"
#include "test.h"

#define X32_BIT 0x40000000u
#define OTHER 12345u /* no architecture */
#define NR_MAX 470   /* numbers of random rules */
#define RULES 200
#define FILTERS 60
#define PROGRAMS 400
#define ARGS_EACH 4

static uint64_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- one comparison of two programs ---- */

static uint64_t some_arg(const struct sock_filter *f, size_t n)
{
	uint64_t v = f[random_below((uint32_t)n)].k + (uint64_t)random_below(3) - 1;

	return random_below(4) == 0 ? v << 32 | random_below(4) : v;
}

static bool same_verdict(const struct seccomp_prog *a, const struct seccomp_prog *b, uint32_t arch,
			 uint32_t nr)
{
	const struct sock_filter *f = a->data;

	for (int i = 0; i < ARGS_EACH; i++) {
		struct seccomp_data d = { .nr = (int)nr, .arch = arch };
		uint32_t x, y;

		for (int k = 0; k < 6; k++)
			d.args[k] = some_arg(f, a->n_bytes / sizeof(*f));
		x = verdict(a, &d);
		y = verdict(b, &d);
		if (x == y && x != UINT32_MAX)
			continue;
		t_note("architecture %#x, number %#x: %#x and %#x", arch, nr, x, y);
		return false;
	}
	return true;
}

static bool same_for_all(const struct seccomp_prog *a, const struct seccomp_prog *b)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, OTHER, 0 };
	const struct sock_filter *f = a->data;

	for (size_t k = 0; k < ARRAY_SIZE(archs); k++)
		for (size_t i = 0; i < a->n_bytes / sizeof(*f); i++)
			for (uint32_t d = 0; d < 3; d++)
				if (!same_verdict(a, b, archs[k], f[i].k + d - 1) ||
				    (i < NR_MAX &&
				     (!same_verdict(a, b, archs[k], (uint32_t)i) ||
				      !same_verdict(a, b, archs[k], X32_BIT + (uint32_t)i))))
					return false;
	return same_verdict(a, b, AUDIT_ARCH_X86_64, UINT32_MAX);
}

static struct seccomp_prog copy_of(const struct seccomp_prog *p)
{
	struct seccomp_prog c = { xcalloc(1, p->n_bytes), p->n_bytes };

	memcpy(c.data, p->data, p->n_bytes);
	return c;
}

/* ---- libseccomp's filters of random rules ---- */

static const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(38),
				    SCMP_ACT_KILL_PROCESS, SCMP_ACT_LOG };
static uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };

static void random_rule(struct plan_sc_rule *r, const char **name, struct plan_sc_arg *arg)
{
	uint32_t op = random_below(7);

	*arg = (struct plan_sc_arg){ .index = random_below(3),
				     .op = SCMP_CMP_NE + op,
				     .value = random_below(5),
				     .value_two = random_below(5) };
	if (arg->op == SCMP_CMP_MASKED_EQ)
		arg->value |= random_below(2) ? 0xffffffffu : 0xff;
	*r = (struct plan_sc_rule){
		.names = name,
		.n_names = 1,
		.action = actions[random_below(8) ? 0 : random_below(ARRAY_SIZE(actions))]
	};
	if (random_below(12) == 0) {
		r->args = arg;
		r->n_args = 1;
	}
}

static bool random_filter(size_t *was, size_t *is)
{
	struct plan_sc_rule rules[RULES] = { 0 };
	struct plan_sc_arg args[RULES];
	const char *names[RULES];
	struct seccomp_prog full = { 0 };
	struct err e = ERR_INIT;
	size_t n = 0;

	for (uint32_t i = 0, nr = 0; i < RULES; i++) {
		/* in runs, as calls are numbered by their age */
		nr = random_below(12) ? nr + 1 : random_below(NR_MAX);
		names[n] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)nr);
		if (!names[n])
			continue;
		random_rule(&rules[n], &names[n], &args[n]);
		n++;
	}
	struct op_seccomp s = { .default_action = actions[1 + random_below(3)],
				.rules = rules,
				.n_rules = n,
				.bad_arch_action = SCMP_ACT_KILL_PROCESS,
				.archs = archs,
				.n_archs = random_below(4),
				.enosys_for_newer = random_below(2) };
	bool ok = seccomp_compile_long(&s, &full, &e) == 0;

	if (!ok)
		t_note("%s", e.msg);
	struct seccomp_prog p = copy_of(&full);
	seccomp_shrink(&p);
	ok = ok && same_for_all(&full, &p);
	*was += full.n_bytes;
	*is += p.n_bytes;
	for (size_t i = 0; i < n; i++)
		free((void *)names[i]);
	free(full.data);
	free(p.data);
	return ok;
}

static void test_filters(void)
{
	size_t was = 0, is = 0;
	bool ok = true;

	for (int i = 0; i < FILTERS && ok; i++)
		ok = random_filter(&was, &is);
	t_ok(ok, "random rules: every call gets the verdict that it got");
	if (!t_ok(is < was / 2, "in less than half the instructions"))
		t_note("%zu bytes of %zu", is, was);
}

/* ---- random programs ---- */

static uint32_t constant(void)
{
	switch (random_below(6)) {
	case 0:
		return AUDIT_ARCH_X86_64;
	case 1:
		return AUDIT_ARCH_I386;
	case 2:
		return X32_BIT + random_below(20);
	case 3:
		return UINT32_MAX - random_below(2);
	default:
		return random_below(40);
	}
}

/* @strange: also what seccomp_shrink() does not know before the first argument */
static struct sock_filter random_insn(size_t left, bool strange)
{
	static const uint16_t jumps[] = { BPF_JEQ, BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint32_t far = (uint32_t)(left < 30 ? left : 30);

	switch (random_below(8)) {
	case 0:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4 * random_below(2));
	case 1:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    16 + 4 * random_below(12));
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, random_below(9));
	case 3:
		if (strange)
			return (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, constant());
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, random_below(far));
	default:
		return (struct sock_filter)BPF_JUMP(
			BPF_JMP | jumps[random_below(strange ? 5 : 4)] | BPF_K, constant(),
			(uint8_t)random_below(far), (uint8_t)random_below(far));
	}
}

static bool random_program(bool strange, int *shorter)
{
	size_t n = 3 + random_below(random_below(8) ? 120 : 900);
	struct seccomp_prog p = { xcalloc(n, sizeof(struct sock_filter)),
				  n * sizeof(struct sock_filter) };
	struct sock_filter *f = p.data;

	for (size_t i = 0; i < n - 1; i++)
		f[i] = random_insn(n - 1 - i, strange);
	if (!strange) /* the first comparisons are with something */
		f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	f[n - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	struct seccomp_prog q = copy_of(&p);

	seccomp_shrink(&q);
	*shorter += q.n_bytes < p.n_bytes;
	bool ok = same_for_all(&p, &q);
	free(p.data);
	free(q.data);
	return ok;
}

static void test_programs(void)
{
	int shorter = 0;
	bool ok = true;

	for (int i = 0; i < PROGRAMS && ok; i++)
		ok = random_program(i % 2, &shorter);
	t_ok(ok, "random programs: every call gets the verdict that it got");
	if (!t_ok(shorter > PROGRAMS / 8, "some of them are shorter"))
		t_note("%d", shorter);
}

/* ---- what must stay ---- */

#define NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)
#define PASS BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NO BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define EQ(k, jt, jf) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf)

static const struct {
	const char *name;
	size_t n;
	struct sock_filter f[9];
} stays[] = {
	{ "a number that is changed before it is compared",
	  9,
	  { NR, BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1), EQ(1, 0, 1), PASS, EQ(0, 0, 1), NO, PASS,
	    PASS, PASS } },
	{ "bits of a number",
	  6,
	  { NR, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 8, 0, 1), PASS, EQ(1, 0, 1), NO, PASS } },
	{ "architectures that are more or less",
	  6,
	  { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 8, 0, 1),
	    PASS, EQ(1, 0, 1), NO, PASS } },
	{ "a comparison before anything is loaded",
	  5,
	  { EQ(0, 0, 1), PASS, EQ(1, 0, 1), NO, PASS } },
	{ "memory of the program",
	  6,
	  { NR, BPF_STMT(BPF_ST, 0), EQ(1, 0, 1), PASS, EQ(2, 0, 0), PASS } },
	{ "a verdict from the accumulator",
	  4,
	  { NR, EQ(1, 0, 1), PASS, BPF_STMT(BPF_RET | BPF_A, 0) } },
	{ "a jump behind the end", 3, { NR, EQ(1, 0, 7), PASS } },
	{ "an end without a verdict", 3, { NR, EQ(1, 0, 0), NR } },
};

static void test_stays(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++) {
		struct seccomp_prog p = { (void *)stays[i].f, stays[i].n * sizeof(stays[i].f[0]) };
		struct seccomp_prog q = copy_of(&p);

		seccomp_shrink(&q);
		t_ok(q.n_bytes == p.n_bytes && memcmp(q.data, p.data, p.n_bytes) == 0,
		     stays[i].name);
		free(q.data);
	}
}

int main(void)
{
	test_filters();
	test_programs();
	test_stays();
	return t_done();
}
