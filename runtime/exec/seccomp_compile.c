/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_compile.c - from the plan's rules to a program for the kernel
 *
 * Theory of operation: libseccomp turns rules into a filter for every architecture asked for; that
 * takes 0.6 ms for one and 6 to 8 ms for Docker's three, so it is done in the parent, once for each
 * distinct input (seccomp_cache.c). The filter is exported as BPF and loaded by the child with one
 * system call; libseccomp is never called there.
 *
 * System calls newer than any that the rules know: a filter whose default is an errno answers a
 * program that probes for a new call with EPERM, which the program takes for a refusal instead of
 * falling back (seen with glibc and clone3, faccessat2). Where the plan asks for it, a few
 * instructions in front of the filter answer ENOSYS for numbers above the highest known one:
 *
 *	for each architecture:		ld  arch
 *					jeq <arch>, next, after
 *	next:				ld  nr
 *					jge 0x40000000, filter   (x32 lives up there)
 *					jgt <highest>, enosys, filter
 *	enosys:				ret ERRNO(ENOSYS)
 *	after:				... the next architecture, at last: filter
 *
 * What comes out is made shorter (seccomp_shrink.c).
 *
 * Should: know every name that libseccomp knows and skip the others, as runc and crun do.
 * Mustn't: load anything; leave a rule out for any other reason than an unknown name or that it
 * repeats the default action.
 */
#include "exec/seccomp_compile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "sys/syscalls.h"

#define COMPILER_VERSION 2u /* change when the same rules give another program */
#define X32_BIT		 0x40000000u
#define STUB_INSNS	 6 /* an architecture's share of the stub */
#define MAX_ARGS	 6

static void ctx_release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define auto_filter __attribute__((cleanup(ctx_release)))

static int err_scmp(struct err *e, int rc, const char *what)
{
	errno = rc < 0 ? -rc : rc;
	return err_sys(e, "seccomp: %s", what);
}

static int add_rule(scmp_filter_ctx ctx, const char *name, uint32_t action,
		    const struct scmp_arg_cmp *args, unsigned n_args, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	rc = seccomp_rule_add_array(ctx, action, nr, n_args, args);
	/* EEXIST: the same rule again. EDOM: no architecture of the filter has this call. */
	if (rc < 0 && rc != -EEXIST && rc != -EDOM) {
		errno = -rc;
		return err_sys(e, "seccomp: rule for %s", name);
	}
	return 0;
}

static struct scmp_arg_cmp arg_of(const struct plan_sc_arg *a)
{
	return (struct scmp_arg_cmp){ .arg = a->index,
				      .op = (enum scmp_compare)a->op,
				      .datum_a = a->value,
				      .datum_b = a->value_two };
}

/* libseccomp takes one comparison an argument; several on one argument mean "any of them", each a
 * rule of its own (what runc makes of it, and engines' profiles rely on). */
static bool repeats_arg(const struct plan_sc_rule *r)
{
	unsigned seen = 0;

	for (size_t i = 0; i < r->n_args; i++) {
		if (seen & 1u << r->args[i].index)
			return true;
		seen |= 1u << r->args[i].index;
	}
	return false;
}

static int add_call(scmp_filter_ctx ctx, const struct plan_sc_rule *r, const char *name,
		    struct err *e)
{
	struct scmp_arg_cmp args[MAX_ARGS];

	if (repeats_arg(r)) {
		for (size_t i = 0; i < r->n_args; i++) {
			args[0] = arg_of(&r->args[i]);
			if (add_rule(ctx, name, r->action, args, 1, e))
				return -1;
		}
		return 0;
	}
	for (size_t i = 0; i < r->n_args; i++)
		args[i] = arg_of(&r->args[i]);
	return add_rule(ctx, name, r->action, args, (unsigned)r->n_args, e);
}

static int add_rules(scmp_filter_ctx ctx, const struct op_seccomp *s, struct err *e)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct plan_sc_rule *r = &s->rules[i];

		/* libseccomp refuses a rule that says what the default says anyway. */
		if (r->action == s->default_action)
			continue;
		for (size_t k = 0; k < r->n_args; k++)
			if (r->args[k].index >= MAX_ARGS)
				return err_set(e, ERR_SPEC, "seccomp: argument %u of %s",
					       r->args[k].index, r->names[0]);
		if (r->n_args > MAX_ARGS && !repeats_arg(r))
			return err_set(e, ERR_SPEC, "seccomp: too many comparisons for %s",
				       r->names[0]);
		for (size_t k = 0; k < r->n_names; k++)
			if (add_call(ctx, r, r->names[k], e))
				return -1;
	}
	return 0;
}

static int make_filter(const struct op_seccomp *s, scmp_filter_ctx *ret, struct err *e)
{
	auto_filter scmp_filter_ctx ctx = seccomp_init(s->default_action);
	int rc;

	if (!ctx)
		return err_set(e, ERR_SPEC, "seccomp: default action %#x is not supported here",
			       s->default_action);
	for (size_t i = 0; i < s->n_archs; i++) {
		rc = seccomp_arch_add(ctx, s->archs[i]);
		if (rc < 0 && rc != -EEXIST)
			return err_scmp(e, rc, "add an architecture");
	}
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, s->bad_arch_action);
	if (rc < 0)
		return err_scmp(e, rc, "set the action for other architectures");
	/* A binary tree loads 2.5 times faster than a list; an older library makes a list. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (add_rules(ctx, s, e))
		return -1;
	*ret = take_ptr(ctx);
	return 0;
}

static int export_filter(scmp_filter_ctx ctx, struct seccomp_prog *ret, struct err *e)
{
	auto_close int fd = sys_memfd("seccomp", 1u /* MFD_CLOEXEC */);
	char *data;
	size_t n;
	int rc;

	if (fd < 0)
		return err_sys(e, "seccomp: make a memory file");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return err_scmp(e, rc, "compile the filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "seccomp: read the compiled filter");
	if (fd_read_all(fd, SECCOMP_MAX_INSNS * sizeof(struct sock_filter), "the compiled filter",
			&data, &n, e))
		return -1;
	ret->data = data;
	ret->n_bytes = n;
	return 0;
}

/* AUDIT_ARCH_* as BPF sees it; SCMP_ARCH_X32 shares x86-64's. */
static uint32_t audit_arch(uint32_t scmp_arch)
{
	return scmp_arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : scmp_arch;
}

static int highest_known(const struct op_seccomp *s, uint32_t arch)
{
	int highest = -1;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; k < s->rules[i].n_names; k++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, s->rules[i].names[k]);

			if (nr > highest && (uint32_t)nr < X32_BIT)
				highest = nr;
		}
	return highest;
}

static size_t add_stub(struct sock_filter *f, uint32_t arch, uint32_t highest, size_t n_behind)
{
	/* n_behind: instructions between this stub's end and the filter */
	const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;

	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, arch));
	f[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, STUB_INSNS - 2);
	f[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr));
	f[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
					    (uint8_t)(2 + n_behind), 0);
	f[4] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, highest, 0,
					    (uint8_t)(1 + n_behind));
	f[5] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, enosys);
	return STUB_INSNS;
}

static int prepend_enosys(const struct op_seccomp *s, struct seccomp_prog *prog, struct err *e)
{
	uint32_t archs[16];
	size_t n = 0, at = 0, old = prog->n_bytes / sizeof(struct sock_filter);

	archs[n++] = seccomp_arch_native();
	for (size_t i = 0; i < s->n_archs && n < ARRAY_SIZE(archs); i++) {
		bool seen = s->archs[i] == SCMP_ARCH_X32 || s->archs[i] == SCMP_ARCH_NATIVE;

		for (size_t k = 0; k < n; k++)
			seen = seen || archs[k] == s->archs[i];
		if (!seen)
			archs[n++] = s->archs[i];
	}
	if (old + n * STUB_INSNS > SECCOMP_MAX_INSNS)
		return err_set(e, ERR_SPEC, "seccomp: the filter has %zu instructions, the kernel takes %d",
			       old, SECCOMP_MAX_INSNS);

	struct sock_filter *f = xcalloc(old + n * STUB_INSNS, sizeof(*f));

	for (size_t i = 0; i < n; i++) {
		int highest = highest_known(s, archs[i]);

		/* No call of this architecture is known: nothing can be newer than that. */
		if (highest < 0)
			highest = (int)(X32_BIT - 1);
		at += add_stub(f + at, audit_arch(archs[i]), (uint32_t)highest,
			       (n - 1 - i) * STUB_INSNS);
	}
	memcpy(f + at, prog->data, prog->n_bytes);
	free(prog->data);
	prog->data = f;
	prog->n_bytes = (old + at) * sizeof(*f);
	return 0;
}

int seccomp_compile_long(const struct op_seccomp *s, struct seccomp_prog *ret, struct err *e)
{
	auto_filter scmp_filter_ctx ctx = NULL;
	struct seccomp_prog prog = { 0 };

	if (make_filter(s, &ctx, e) || export_filter(ctx, &prog, e))
		return -1;
	if (s->enosys_for_newer && prepend_enosys(s, &prog, e)) {
		free(prog.data);
		return -1;
	}
	*ret = prog;
	return 0;
}

int seccomp_compile(const struct op_seccomp *s, struct seccomp_prog *ret, struct err *e)
{
	if (seccomp_compile_long(s, ret, e))
		return -1;
	seccomp_shrink(ret);
	return 0;
}

static void add_u32(struct strbuf *b, uint32_t v)
{
	strbuf_add(b, (const char *)&v, sizeof(v));
}

static void add_u64(struct strbuf *b, uint64_t v)
{
	strbuf_add(b, (const char *)&v, sizeof(v));
}

void seccomp_input(struct strbuf *b, const struct op_seccomp *s)
{
	const struct scmp_version *v = seccomp_version();

	add_u32(b, COMPILER_VERSION);
	add_u32(b, v->major);
	add_u32(b, v->minor);
	add_u32(b, v->micro);
	add_u32(b, seccomp_arch_native());
	add_u32(b, s->default_action);
	add_u32(b, s->bad_arch_action);
	add_u32(b, s->enosys_for_newer);
	add_u32(b, (uint32_t)s->n_archs);
	for (size_t i = 0; i < s->n_archs; i++)
		add_u32(b, s->archs[i]);
	add_u32(b, (uint32_t)s->n_rules);
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct plan_sc_rule *r = &s->rules[i];

		add_u32(b, r->action);
		add_u32(b, (uint32_t)r->n_names);
		for (size_t k = 0; k < r->n_names; k++)
			strbuf_add(b, r->names[k], strlen(r->names[k]) + 1);
		add_u32(b, (uint32_t)r->n_args);
		for (size_t k = 0; k < r->n_args; k++) {
			add_u32(b, r->args[k].index);
			add_u32(b, r->args[k].op);
			add_u64(b, r->args[k].value);
			add_u64(b, r->args[k].value_two);
		}
	}
}
