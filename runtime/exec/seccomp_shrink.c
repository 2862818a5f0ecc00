/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_shrink.c - the same filter in fewer instructions
 *
 * Theory of operation: libseccomp compares a call's number with one number after another, even in its
 * tree; the rules are about ranges. The kernel checks, converts and translates every instruction when
 * a filter is loaded, and runs the filter for each number of each entry point to learn what is always
 * allowed; so a filter of a quarter of the size is loaded in a quarter of the time.
 *
 * Until its first look at an argument a filter depends on two words, the architecture and the number.
 * It compares them with constants only; between two neighbouring constants nothing changes. So it is
 * run here for one number of each such interval and each architecture, up to a verdict or to the first
 * load of an argument: that is a leaf. Neighbours with one leaf are one interval. Out of it comes
 *
 *	ld arch		jeq <arch>, its search tree		... other architectures' leaf
 *	a tree:		ld nr	 jge <first of an interval> ... jeq <exception> ... leaf
 *	a leaf:		ret <verdict>, or the instructions from the load on, as they were
 *
 * where an interval that is interrupted by a single number or two is not cut in pieces: they are
 * exceptions. What looks at arguments is copied in its order, so its jumps only get shorter.
 *
 * The new program is run on every interval, too, and must come to the same leaf. A program with
 * anything in it that is not known here stays as it is, and so does one that would not get shorter.
 *
 * Jumps of a condition reach 255 instructions: the program is built from its end, so that the distance
 * is known, and a leaf that is too far away gets another `ret`, or a `ja` that leads there.
 */
#include "exec/seccomp_compile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbpf.h"
#include "base/mem.h"

#define LD (BPF_LD | BPF_W | BPF_ABS)
#define RET (BPF_RET | BPF_K)
#define JEQ (BPF_JMP | BPF_JEQ | BPF_K)
#define JGT (BPF_JMP | BPF_JGT | BPF_K)
#define JGE (BPF_JMP | BPF_JGE | BPF_K)
#define JA (BPF_JMP | BPF_JA)
#define OFF_NR offsetof(struct seccomp_data, nr)
#define OFF_ARCH offsetof(struct seccomp_data, arch)

#define MAX_ARCHS 8
#define EXCEPT_MAX 2
#define REACH (255 - 2) /* of a condition; two more may come between */

/* What the accumulator holds. */
enum acc { ACC_NONE, ACC_NR, ACC_ARCH, ACC__COUNT };

/* Where a path ends: a verdict, or the instruction that loads an argument. */
struct leaf {
	bool is_ret;
	uint32_t v;
};

struct old {
	const struct sock_filter *f;
	size_t n;
	bool (*seen)[ACC__COUNT];     /* by instruction */
	uint32_t arch[MAX_ARCHS + 1]; /* compared with; the last one is any other */
	size_t n_arch;
	uint32_t *from; /* first number of each interval, in order */
	size_t n_from;
	size_t *moved; /* where an instruction that looks at arguments is now, from the end; 0: nowhere */
};

/* Filled from its end: f[top] is the first instruction so far. */
struct made {
	struct sock_filter f[SECCOMP_MAX_INSNS];
	size_t top;
	bool full;
};

/* Of an architecture: numbers from @from on, except for some single ones. */
struct segment {
	uint32_t from;
	struct leaf leaf;
	struct {
		uint32_t nr;
		struct leaf leaf;
	} except[EXCEPT_MAX];
	size_t n_except;
};

static bool same_leaf(struct leaf a, struct leaf b)
{
	return a.is_ret == b.is_ret && a.v == b.v;
}

/* ---- what the old program compares with ---- */

static bool add_arch(struct old *o, uint32_t arch)
{
	for (size_t i = 0; i < o->n_arch; i++)
		if (o->arch[i] == arch)
			return true;
	if (o->n_arch == MAX_ARCHS)
		return false;
	o->arch[o->n_arch++] = arch;
	return true;
}

static void add_from(struct old *o, uint64_t nr)
{
	if (nr <= UINT32_MAX)
		o->from[o->n_from++] = (uint32_t)nr;
}

/* One condition: false if it is none that is known. */
static bool add_condition(struct old *o, const struct sock_filter *f, enum acc acc)
{
	if (acc == ACC_ARCH)
		return f->code == JEQ && add_arch(o, f->k);
	if (acc != ACC_NR)
		return false;
	if (f->code != JGT)
		add_from(o, f->k);
	if (f->code != JGE)
		add_from(o, (uint64_t)f->k + 1);
	return true;
}

static bool is_condition(uint16_t code)
{
	return code == JEQ || code == JGT || code == JGE;
}

/* Marks what can be reached from @pc; jumps lead forward, so one pass over the program is enough. */
static bool look(struct old *o)
{
	o->seen[0][ACC_NONE] = true;
	for (size_t pc = 0; pc < o->n; pc++) {
		const struct sock_filter *f = &o->f[pc];

		for (int acc = 0; acc < ACC__COUNT; acc++) {
			size_t to[2] = { pc + 1, pc + 1 };
			int then = acc;

			if (!o->seen[pc][acc] || f->code == RET)
				continue;
			if (f->code == LD && f->k != OFF_NR && f->k != OFF_ARCH)
				continue; /* a leaf */
			if (f->code == LD)
				then = f->k == OFF_NR ? ACC_NR : ACC_ARCH;
			else if (f->code == JA)
				to[0] = to[1] = pc + 1 + f->k;
			else if (is_condition(f->code) && add_condition(o, f, (enum acc)acc))
				to[0] += f->jt, to[1] += f->jf;
			else
				return false;
			if (to[0] >= o->n || to[1] >= o->n)
				return false;
			o->seen[to[0]][then] = o->seen[to[1]][then] = true;
		}
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_intervals(struct old *o)
{
	size_t n = 0;

	add_from(o, 0);
	qsort(o->from, o->n_from, sizeof(*o->from), by_value);
	for (size_t i = 0; i < o->n_from; i++)
		if (n == 0 || o->from[n - 1] != o->from[i])
			o->from[n++] = o->from[i];
	o->n_from = n;
}

/* One that is none of those that are known. */
static void add_other_arch(struct old *o)
{
	uint32_t other = 0;

	for (size_t i = 0; i < o->n_arch; i++)
		if (o->arch[i] == other) {
			other++;
			i = (size_t)-1;
		}
	o->arch[o->n_arch] = other;
}

/* Of a program that look() has understood, or that was made here. */
static struct leaf run(const struct sock_filter *f, uint32_t arch, uint32_t nr)
{
	size_t at = cbpf_leaf(f, arch, (int)nr);

	return f[at].code == RET ? (struct leaf){ true, f[at].k } : (struct leaf){ false, (uint32_t)at };
}

/* ---- the new program, from its end ---- */

static size_t put(struct made *w, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (w->top == 0) {
		w->full = true;
		return 0;
	}
	w->f[--w->top] = (struct sock_filter){ code, jt, jf, k };
	return w->top;
}

/* @to, or an instruction within reach that leads there. */
static size_t near(struct made *w, size_t to)
{
	if (to - w->top <= REACH)
		return to;
	return put(w, JA, 0, 0, (uint32_t)(to - w->top));
}

static size_t near_leaf(struct made *w, const struct old *o, struct leaf l)
{
	if (!l.is_ret)
		return near(w, SECCOMP_MAX_INSNS - o->moved[l.v]);
	for (size_t i = w->top; i < SECCOMP_MAX_INSNS && i - w->top <= REACH; i++)
		if (w->f[i].code == RET && w->f[i].k == l.v)
			return i;
	return put(w, RET, 0, 0, l.v);
}

/* @yes and @no were within reach before at most two more instructions came. */
static size_t put_condition(struct made *w, uint16_t code, uint32_t k, size_t yes, size_t no)
{
	return put(w, code, (uint8_t)(yes - w->top), (uint8_t)(no - w->top), k);
}

static size_t put_segment(struct made *w, const struct old *o, const struct segment *s)
{
	size_t at = near_leaf(w, o, s->leaf);

	for (size_t i = 0; i < s->n_except; i++) {
		size_t other = near_leaf(w, o, s->except[i].leaf);

		at = put_condition(w, JEQ, s->except[i].nr, other, near(w, at));
	}
	return at;
}

/* Segments s[0] ... s[n - 1], of which it is known that the number is in one. */
static size_t put_tree(struct made *w, const struct old *o, const struct segment *s, size_t n)
{
	size_t half = n / 2;

	if (n == 1)
		return put_segment(w, o, s);
	size_t high = put_tree(w, o, s + half, n - half);
	size_t low = put_tree(w, o, s, half);
	high = near(w, high);
	return put_condition(w, JGE, s[half].from, high, near(w, low));
}

/* ---- segments ---- */

/* The intervals of @arch, neighbours of one leaf as one. */
static size_t intervals(const struct old *o, uint32_t arch, struct segment *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_from; i++) {
		struct segment s = { .from = o->from[i], .leaf = run(o->f, arch, o->from[i]) };

		if (n == 0 || !same_leaf(ret[n - 1].leaf, s.leaf))
			ret[n++] = s;
	}
	return n;
}

/* Single numbers between two parts of one interval become its exceptions. */
static size_t join_segments(struct segment *s, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		struct segment *t = &s[out++];

		*t = s[i];
		while (i + 2 < n && t->n_except < EXCEPT_MAX &&
		       s[i + 2].from - s[i + 1].from == 1 && same_leaf(s[i + 2].leaf, t->leaf)) {
			t->except[t->n_except].nr = s[i + 1].from;
			t->except[t->n_except++].leaf = s[i + 1].leaf;
			i += 2;
		}
	}
	return out;
}

static size_t put_arch(struct made *w, const struct old *o, uint32_t arch, struct segment *s)
{
	size_t n = join_segments(s, intervals(o, arch, s));
	size_t at = put_tree(w, o, s, n);

	if (n == 1 && s[0].n_except == 0)
		return at;		 /* whatever the number */
	return put(w, LD, 0, 0, OFF_NR); /* the tree's first instruction is the last one put */
}

/* ---- what looks at arguments ---- */

/* Marks in o->moved what can be reached from the leaves. */
static bool mark_arguments(struct old *o)
{
	for (size_t pc = 0; pc < o->n; pc++) {
		const struct sock_filter *f = &o->f[pc];
		bool is_leaf = f->code == LD && f->k != OFF_NR && f->k != OFF_ARCH;
		size_t jump = f->code == JA ? f->k : 0;

		for (int acc = 0; acc < ACC__COUNT; acc++)
			if (is_leaf && o->seen[pc][acc])
				o->moved[pc] = 1;
		if (!o->moved[pc] || BPF_CLASS(f->code) == BPF_RET)
			continue;
		bool branches = BPF_CLASS(f->code) == BPF_JMP && f->code != JA;
		size_t a = pc + 1 + (branches ? f->jt : jump),
		       b = pc + 1 + (branches ? f->jf : jump);
		if (a >= o->n || b >= o->n)
			return false;
		o->moved[a] = o->moved[b] = 1;
	}
	return true;
}

static void put_arguments(struct made *w, struct old *o)
{
	for (size_t pc = o->n; pc-- > 0;) {
		struct sock_filter f = o->f[pc];

		if (!o->moved[pc])
			continue;
		if (f.code == JA)
			f.k = (uint32_t)(SECCOMP_MAX_INSNS - o->moved[pc + 1 + f.k] - w->top);
		else if (BPF_CLASS(f.code) == BPF_JMP) {
			f.jt = (uint8_t)(SECCOMP_MAX_INSNS - o->moved[pc + 1 + f.jt] - w->top);
			f.jf = (uint8_t)(SECCOMP_MAX_INSNS - o->moved[pc + 1 + f.jf] - w->top);
		}
		o->moved[pc] = SECCOMP_MAX_INSNS - put(w, f.code, f.jt, f.jf, f.k);
	}
}

/* ---- the whole ---- */

static void put_all(struct made *w, struct old *o)
{
	struct segment *s = xcalloc(o->n_from, sizeof(*s));
	size_t at[MAX_ARCHS + 1];

	put_arguments(w, o);
	for (size_t i = 0; i <= o->n_arch; i++)
		at[i] = put_arch(w, o, o->arch[i], s);
	size_t next = at[o->n_arch];
	for (size_t i = o->n_arch; i-- > 0;) { /* the first one is asked for first */
		size_t here = near(w, at[i]);

		next = put_condition(w, JEQ, o->arch[i], here, near(w, next));
	}
	if (next != w->top)
		put(w, JA, 0, 0, (uint32_t)(next - w->top));
	put(w, LD, 0, 0, OFF_ARCH);
	free(s);
}

/* The proof: on every architecture and interval both end at one leaf. */
static bool is_same(const struct old *o, const struct made *w)
{
	const struct sock_filter *f = &w->f[w->top];
	size_t n = SECCOMP_MAX_INSNS - w->top;

	for (size_t a = 0; a <= o->n_arch; a++)
		for (size_t i = 0; i < o->n_from; i++) {
			struct leaf was = run(o->f, o->arch[a], o->from[i]);
			struct leaf is = run(f, o->arch[a], o->from[i]);

			if (!was.is_ret)
				was.v = (uint32_t)(n - o->moved[was.v]);
			if (!same_leaf(was, is))
				return false;
		}
	return true;
}

static bool shrink(struct old *o, struct made *w)
{
	if (o->n == 0 || !look(o) || !mark_arguments(o))
		return false;
	add_other_arch(o);
	sort_intervals(o);
	put_all(w, o);
	return !w->full && SECCOMP_MAX_INSNS - w->top < o->n && is_same(o, w);
}

void seccomp_shrink(struct seccomp_prog *p)
{
	size_t n = p->n_bytes / sizeof(struct sock_filter);
	auto_free bool(*seen)[ACC__COUNT] = xcalloc(n + 1, sizeof(*seen));
	auto_free uint32_t *from = xcalloc(2 * ACC__COUNT * n + 1, sizeof(*from));
	auto_free size_t *moved = xcalloc(n + 1, sizeof(*moved));
	auto_free struct made *w = xcalloc(1, sizeof(*w));
	struct old o = { .f = p->data, .n = n, .seen = seen, .from = from, .moved = moved };

	w->top = SECCOMP_MAX_INSNS;
	if (n > SECCOMP_MAX_INSNS || !shrink(&o, w))
		return;
	p->n_bytes = (SECCOMP_MAX_INSNS - w->top) * sizeof(struct sock_filter);
	memcpy(p->data, &w->f[w->top], p->n_bytes);
}
