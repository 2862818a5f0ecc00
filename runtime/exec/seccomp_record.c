/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_record.c - refused sockets into the decision log: the programs for that
 *
 * Theory of operation. An errno of a filter is seen by nobody but the process. So the profile's
 * filter, where there is a proxy, answers with SECCOMP_RET_USER_NOTIF what it would refuse of
 * socket(2), and the proxy, who has the listener, writes a line and gives the errno. Nothing of what
 * is refused changes, for both programs are made of the compiled one, P:
 *
 *	notify:	socket(2)? -> S, every errno in it a notification	yield:	socket(2)? -> S of the other
 *		else P								errno -> S, every errno in it
 *											 ALLOW
 *											 else P
 *										else P
 *
 * S is the part of P that decides on socket(2) (base/cbpf.h). The config's filter stands beside the
 * profile's and may refuse a socket first; of two actions the kernel takes the stricter one, which is
 * the errno. It yields, and only to a refusal.
 *
 * Everything else pays nothing: the number is compared, and for calls that are always allowed the
 * kernel knows that beforehand.
 */
#include "exec/seccomp_record.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbpf.h"
#include "base/egress_wire.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "exec/seccomp_compile.h"

#define HEAD 5 /* instructions */

struct code {
	struct sock_filter *f;
	size_t n;
};

static struct code code_of(const struct seccomp_prog *p)
{
	return (struct code){ p->data, p->n_bytes / sizeof(struct sock_filter) };
}

static void put(struct code *c, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	c->f[c->n++] = (struct sock_filter){ code, yes, no, k };
}

static void put_all(struct code *c, struct code more)
{
	memcpy(c->f + c->n, more.f, more.n * sizeof(*more.f));
	c->n += more.n;
}

/* Of what is not this call, @n instructions are skipped. */
static void put_head(struct code *c, size_t n)
{
	put(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	put(c, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0, 2);
	put(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	put(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)seccomp_syscall_resolve_name("socket"), 1, 0);
	put(c, BPF_JMP | BPF_JA, (uint32_t)n, 0, 0);
}

static bool is_errno(const struct sock_filter *f)
{
	return f->code == (BPF_RET | BPF_K) &&
	       (f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

/* @part, with @action instead of every errno. */
static void put_lifted(struct code *c, struct code part, uint32_t action)
{
	size_t from = c->n;

	put_all(c, part);
	for (size_t i = from; i < c->n; i++)
		if (is_errno(&c->f[i]))
			c->f[i].k = action;
}

/* @part as a question: with an errno it goes on behind itself, else @n_else instructions later. */
static void put_asked(struct code *c, struct code part, size_t n_else)
{
	size_t from = c->n, end = c->n + part.n;

	put_all(c, part);
	for (size_t i = from; i < end; i++)
		if (c->f[i].code == (BPF_RET | BPF_K)) {
			size_t to = is_errno(&c->f[i]) ? end : end + n_else;

			c->f[i] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0,
							(uint32_t)(to - i - 1) };
		}
}

static bool begin(struct code *c, size_t n)
{
	if (n > SECCOMP_MAX_INSNS)
		return false;
	*c = (struct code){ xcalloc(n, sizeof(*c->f)), 0 };
	return true;
}

static struct seccomp_prog prog_of(const struct code *c)
{
	return (struct seccomp_prog){ c->f, c->n * sizeof(*c->f) };
}

bool seccomp_record_part(const struct seccomp_prog *whole, struct seccomp_prog *ret)
{
	int nr = seccomp_syscall_resolve_name("socket");
	struct code w = code_of(whole);
	struct code part = { NULL, 0 };

	if (nr < 0)
		return false;
	part.f = xcalloc(w.n, sizeof(*part.f));
	part.n = cbpf_part(w.f, w.n, seccomp_arch_native(), nr, part.f);
	if (part.n == 0 || part.n > EGRESS_WATCH_INSNS) {
		free(part.f);
		return false;
	}
	*ret = prog_of(&part);
	return true;
}

bool seccomp_record_notify(const struct seccomp_prog *whole, const struct seccomp_prog *part,
			   struct seccomp_prog *ret)
{
	struct code w = code_of(whole), s = code_of(part), out;

	if (!begin(&out, HEAD + s.n + w.n))
		return false;
	put_head(&out, s.n);
	put_lifted(&out, s, SECCOMP_RET_USER_NOTIF);
	put_all(&out, w);
	*ret = prog_of(&out);
	return true;
}

bool seccomp_record_yield(const struct seccomp_prog *whole, const struct seccomp_prog *part,
			  struct seccomp_prog *ret)
{
	struct seccomp_prog own = { 0 };
	struct code w = code_of(whole), other = code_of(part), s, out;

	if (!seccomp_record_part(whole, &own))
		return false;
	s = code_of(&own);
	if (!begin(&out, HEAD + other.n + s.n + w.n)) {
		free(own.data);
		return false;
	}
	put_head(&out, other.n + s.n);
	put_asked(&out, other, mutant("seccomp.yield") ? 0 : s.n);
	put_lifted(&out, s, SECCOMP_RET_ALLOW);
	put_all(&out, w);
	*ret = prog_of(&out);
	free(own.data);
	return true;
}
