/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_seccomp.c - libFuzzer target: any bytes as linux.seccomp, down to the kernel's program
 *
 * What the parser and the check let through is planned and compiled, and must compile to the same
 * program again; a program has whole instructions and no more than the kernel takes; and equal input
 * means equal text in the cache.
 */
#include <linux/filter.h>
#include <stdint.h>

#include "exec/seccomp_compile.h"
#include "tests/unit/plan_fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void compile(const struct op_seccomp *s)
{
	auto_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct seccomp_prog p = { 0 }, q = { 0 };
	struct err e = ERR_INIT;

	seccomp_input(&one, s);
	seccomp_input(&two, s);
	must(one.len == two.len && memcmp(one.p, two.p, one.len) == 0);
	if (seccomp_compile(s, &p, &e)) {
		must(!p.data && e.kind != ERR_NONE && e.msg[0]);
		return;
	}
	must(p.n_bytes > 0 && p.n_bytes % sizeof(struct sock_filter) == 0 &&
	     p.n_bytes / sizeof(struct sock_filter) <= SECCOMP_MAX_INSNS);
	must(seccomp_compile(s, &q, &e) == 0 && q.n_bytes == p.n_bytes &&
	     memcmp(p.data, q.data, p.n_bytes) == 0);
	free(p.data);
	free(q.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	if (spec_parse_seccomp(&x.a, (const char *)data, size, "f", &x.s->linux_.seccomp, &x.e) == 0 &&
	    spec_check(x.s, &x.e) == 0 && fix_build(&x))
		for (size_t i = 0; fix_op(&x, OP_SECCOMP, i); i++)
			compile(&fix_op(&x, OP_SECCOMP, i)->u.seccomp);
	arena_done(&x.a);
	return 0;
}
