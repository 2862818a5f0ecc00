/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf_dev.c - device rules as a BPF_PROG_TYPE_CGROUP_DEVICE program
 *
 * The kernel calls the program for each open and mknod of a device node with the type, the numbers
 * and what is asked for (struct bpf_cgroup_dev_ctx), and permits it when the result is not zero.
 * Rules are compiled from the last to the first, because the last one that matches decides:
 *
 *	r2 = type, r4 = major, r5 = minor, r3 = what is asked for and not decided yet
 *	each rule:  if type, major or minor differ: go to the next
 *	            allow: r3 &= ~access; if r3 == 0: return 1
 *	            deny:  if r3 & access: return 0
 *	end:        return 0
 *
 * A rule that decides everything ends the program: older verifiers refuse unreachable code.
 */
#include "cgroup/bpf_dev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "cgroup/dev_rules.h"

#define MAX_ATTACHED 64 /* BPF_CGROUP_MAX_PROGS */

_Static_assert((int)DEV_MKNOD == BPF_DEVCG_ACC_MKNOD && (int)DEV_READ == BPF_DEVCG_ACC_READ &&
		       (int)DEV_WRITE == BPF_DEVCG_ACC_WRITE,
	       "access bits are the kernel's");

enum { R0, R1, R2, R3, R4, R5 };

static void emit(struct dev_prog *p, unsigned code, unsigned dst, unsigned src, int off, int imm)
{
	p->v = xrealloc(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct bpf_insn){ .code = (unsigned char)code,
					  .dst_reg = dst & 15u,
					  .src_reg = src & 15u,
					  .off = (short)off,
					  .imm = imm };
}

static void emit_return(struct dev_prog *p, int value)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, value);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_load(struct dev_prog *p, unsigned dst, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, R1, (int)offset, 0);
}

static void emit_prologue(struct dev_prog *p)
{
	emit_load(p, R2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, R3, R2, 0, 0);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, R2, 0, 0, 0xffff);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, R3, 0, 0, 16);
	emit_load(p, R4, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, R5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Jump out of the rule unless equal; the distance is not known yet. */
static void emit_unless(struct dev_prog *p, unsigned reg, int imm)
{
	emit(p, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, imm);
}

static void emit_decision(struct dev_prog *p, bool allow, unsigned access)
{
	if (access != DEV_ALL && allow) {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, R3, 0, 0, (int)(DEV_ALL & ~access));
		emit_unless(p, R3, 0);
	} else if (access != DEV_ALL) {
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, R0, R3, 0, 0);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, R0, 0, 0, (int)access);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, R0, 0, 0, 0);
	}
	emit_return(p, allow);
}

static void patch_jumps(struct dev_prog *p, size_t from)
{
	for (size_t i = from; i < p->n; i++)
		if (p->v[i].code == (BPF_JMP | BPF_JNE | BPF_K) ||
		    p->v[i].code == (BPF_JMP | BPF_JEQ | BPF_K))
			p->v[i].off = (short)(p->n - i - 1);
}

static void emit_rule(struct dev_prog *p, const struct plan_dev_rule *r)
{
	size_t start = p->n;

	if (r->type != 'a')
		emit_unless(p, R2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		emit_unless(p, R4, (int)r->major);
	if (r->minor >= 0)
		emit_unless(p, R5, (int)r->minor);
	emit_decision(p, r->allow, dev_rule_access(r));
	patch_jumps(p, start);
}

static bool is_final(const struct plan_dev_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && dev_rule_access(r) == DEV_ALL;
}

/* Numbers beyond 32 bits name no device; compared as they are cut they would name another one. */
static bool matches_nothing(const struct plan_dev_rule *r)
{
	return r->major > INT32_MAX || r->minor > INT32_MAX || dev_rule_access(r) == 0;
}

void dev_prog_build(const struct plan_dev_rule *r, size_t n, struct dev_prog *ret)
{
	*ret = (struct dev_prog){ 0 };
	emit_prologue(ret);
	for (size_t i = n; i-- > 0;) {
		if (matches_nothing(&r[i]))
			continue;
		emit_rule(ret, &r[i]);
		if (is_final(&r[i]))
			return;
	}
	emit_return(ret, 0);
}

void dev_prog_done(struct dev_prog *p)
{
	free(p->v);
	*p = (struct dev_prog){ 0 };
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct dev_prog *p)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				.insns = (uintptr_t)p->v,
				.insn_cnt = (unsigned)p->n,
				.license = (uintptr_t) "Apache-2.0",
				.prog_name = "agentrt_dev" };

	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int cgroup_fd, int prog_fd)
{
	union bpf_attr attr = { .target_fd = (unsigned)cgroup_fd,
				.attach_bpf_fd = (unsigned)prog_fd,
				.attach_type = BPF_CGROUP_DEVICE,
				.attach_flags = BPF_F_ALLOW_MULTI };

	return bpf(BPF_PROG_ATTACH, &attr);
}

static int query(int cgroup_fd, unsigned ids[MAX_ATTACHED], unsigned *ret_n)
{
	union bpf_attr attr = { .query = { .target_fd = (unsigned)cgroup_fd,
					   .attach_type = BPF_CGROUP_DEVICE,
					   .prog_ids = (uintptr_t)ids,
					   .prog_cnt = MAX_ATTACHED } };

	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -1;
	*ret_n = attr.query.prog_cnt;
	return 0;
}

static int detach(int cgroup_fd, unsigned id)
{
	union bpf_attr get = { .prog_id = id };
	auto_close int fd = bpf(BPF_PROG_GET_FD_BY_ID, &get);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	union bpf_attr attr = { .target_fd = (unsigned)cgroup_fd,
				.attach_bpf_fd = (unsigned)fd,
				.attach_type = BPF_CGROUP_DEVICE };
	return bpf(BPF_PROG_DETACH, &attr) < 0 && errno != ENOENT ? -1 : 0;
}

int dev_prog_attach(int cgroup_fd, const struct dev_prog *p, bool fresh, struct err *e)
{
	unsigned old[MAX_ATTACHED], n_old = 0;
	auto_close int fd = load(p);

	if (fd < 0)
		return err_sys(e, "load the device program (BPF_PROG_TYPE_CGROUP_DEVICE)");
	if (!fresh && query(cgroup_fd, old, &n_old) < 0)
		return err_sys(e, "list the device programs");
	if (attach(cgroup_fd, fd) < 0)
		return err_sys(e, "attach the device program");
	for (unsigned i = 0; i < n_old; i++)
		if (detach(cgroup_fd, old[i]) < 0)
			return err_sys(e, "detach the device program that was replaced");
	return 0;
}
