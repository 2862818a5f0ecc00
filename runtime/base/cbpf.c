/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbpf.c - what a seccomp program answers, and the part of it that is about one call
 *
 * Jumps of classic BPF lead forward, so a program without loops ends after at most as many steps as
 * it has instructions. libseccomp asks for the architecture and the number first: up to the first
 * look at an argument every step is known, and what can be reached from there is the part.
 */
#include "base/cbpf.h"

#include <string.h>

#include "base/mem.h"

#define LOAD	 (BPF_LD | BPF_W | BPF_ABS)
#define AND	 (BPF_ALU | BPF_AND | BPF_K)
#define GO	 (BPF_JMP | BPF_JA)
#define IF_EQ	 (BPF_JMP | BPF_JEQ | BPF_K)
#define IF_GT	 (BPF_JMP | BPF_JGT | BPF_K)
#define IF_GE	 (BPF_JMP | BPF_JGE | BPF_K)
#define IF_SET	 (BPF_JMP | BPF_JSET | BPF_K)
#define RETURN	 (BPF_RET | BPF_K)
#define AFTER_NR offsetof(struct seccomp_data, instruction_pointer)

static bool is_if(uint16_t code)
{
	return code == IF_EQ || code == IF_GT || code == IF_GE || code == IF_SET;
}

static bool holds(const struct sock_filter *f, uint32_t acc)
{
	switch (f->code) {
	case IF_EQ:
		return acc == f->k;
	case IF_GT:
		return acc > f->k;
	case IF_GE:
		return acc >= f->k;
	default:
		return acc & f->k;
	}
}

/* Where it may go on from @i: both are the same but for a condition. */
static void next_of(const struct sock_filter *f, size_t i, size_t *ret_yes, size_t *ret_no)
{
	*ret_yes = *ret_no = i + 1;
	if (f[i].code == GO)
		*ret_yes = *ret_no = i + 1 + f[i].k;
	if (is_if(f[i].code)) {
		*ret_yes = i + 1 + f[i].jt;
		*ret_no = i + 1 + f[i].jf;
	}
}

static bool is_code(const struct sock_filter *f)
{
	if (f->code == LOAD)
		return f->k <= sizeof(struct seccomp_data) - sizeof(uint32_t) && f->k % 4 == 0;
	return f->code == AND || f->code == GO || f->code == RETURN || is_if(f->code);
}

bool cbpf_is_known(const struct sock_filter *f, size_t n)
{
	size_t yes, no;

	for (size_t i = 0; i < n; i++) {
		if (!is_code(&f[i]) || (f[i].code == GO && f[i].k >= n))
			return false;
		next_of(f, i, &yes, &no);
		if (f[i].code != RETURN && (yes >= n || no >= n))
			return false;
	}
	return n > 0;
}

/* From @i to a verdict, or where @known: to the first look at what is not the number or the
 * architecture. Return: the index of that instruction. */
static size_t walk(const struct sock_filter *f, const struct seccomp_data *d, bool known)
{
	size_t i = 0, yes, no;
	uint32_t acc = 0;

	while (f[i].code != RETURN) {
		if (f[i].code == LOAD && known && f[i].k >= AFTER_NR)
			break;
		if (f[i].code == LOAD)
			memcpy(&acc, (const char *)d + f[i].k, sizeof(acc));
		if (f[i].code == AND)
			acc &= f[i].k;
		next_of(f, i, &yes, &no);
		i = is_if(f[i].code) && !holds(&f[i], acc) ? no : yes;
	}
	return i;
}

uint32_t cbpf_verdict(const struct sock_filter *f, const struct seccomp_data *d)
{
	return f[walk(f, d, false)].k;
}

size_t cbpf_leaf(const struct sock_filter *f, uint32_t arch, int nr)
{
	const struct seccomp_data d = { .nr = nr, .arch = arch };

	return walk(f, &d, true);
}

/* Every instruction that can be reached from @from, in their order. at[]: where one is then. */
static size_t number(const struct sock_filter *f, size_t n, size_t from, bool *reached, size_t *at)
{
	size_t yes, no, count = 0;

	reached[from] = true;
	for (size_t i = from; i < n; i++) {
		if (!reached[i])
			continue;
		at[i] = count++;
		if (f[i].code == RETURN)
			continue;
		next_of(f, i, &yes, &no);
		reached[yes] = reached[no] = true;
	}
	return count;
}

/* Distances only shrink: between two instructions there are as many as before, or fewer. */
static void copy(const struct sock_filter *f, size_t n, const bool *reached, const size_t *at,
		 struct sock_filter *ret)
{
	size_t yes, no;

	for (size_t i = 0; i < n; i++) {
		if (!reached[i])
			continue;
		struct sock_filter *to = &ret[at[i]];

		*to = f[i];
		next_of(f, i, &yes, &no);
		if (f[i].code == GO)
			to->k = (uint32_t)(at[yes] - at[i] - 1);
		if (is_if(f[i].code)) {
			to->jt = (uint8_t)(at[yes] - at[i] - 1);
			to->jf = (uint8_t)(at[no] - at[i] - 1);
		}
	}
}

size_t cbpf_part(const struct sock_filter *f, size_t n, uint32_t arch, int nr, struct sock_filter *ret)
{
	if (!cbpf_is_known(f, n))
		return 0;
	auto_free bool *reached = xcalloc(n, sizeof(*reached));
	auto_free size_t *at = xcalloc(n, sizeof(*at));
	size_t count = number(f, n, cbpf_leaf(f, arch, nr), reached, at);

	copy(f, n, reached, at, ret);
	return count;
}
