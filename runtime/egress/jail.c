/* SPDX-License-Identifier: Apache-2.0 */
/* jail.c - identity checks and the seccomp filter */
#include "egress/jail.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/table.h"
#include "sys/syscalls.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#else
#error "add this machine's AUDIT_ARCH_ constant"
#endif

#define GROUPS_MAX   1024 /* more than that is refused */
#define OVERFLOW_GID 65534u
#define X32_BIT 0x40000000u /* system calls of the x32 ABI come under the x86-64 constant */

/*
 * What the C library needs by itself: memory, the end.
 *
 * #syscalls: brk munmap mremap madvise exit exit_group restart_syscall rt_sigreturn
 */
static const unsigned allowed[] = {
#include "syscalls_list.h"
};

static bool has_capability(void)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };

	if (syscall(SYS_capget, &hdr, d) < 0)
		return true;
	return d[0].effective | d[0].permitted | d[0].inheritable | d[1].effective |
	       d[1].permitted | d[1].inheritable;
}

/* One that is not mapped in the user namespace shows as nobody's: a user's, who may not drop it. */
static bool has_group(void)
{
	gid_t v[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, v);

	for (int i = 0; i < n; i++)
		if (v[i] != OVERFLOW_GID)
			return true;
	return n < 0;
}

int jail_check(struct err *e)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return err_sys(e, "ask who we are");
	if (ruid == 0 || euid == 0 || suid == 0 || rgid == 0 || egid == 0 || sgid == 0)
		return err_set(e, ERR_USAGE, "start: refusing to run as root");
	if (has_group())
		return err_set(e, ERR_USAGE, "start: refusing to run with supplementary groups");
	if (has_capability())
		return err_set(e, ERR_USAGE, "start: refusing to run with capabilities");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(e, ERR_USAGE, "start: refusing to run without no_new_privs");
	return 0;
}

struct program {
	struct sock_filter *insn; /* JAIL_INSNS */
	size_t n;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n < JAIL_INSNS) /* jail_enter() refuses a program that did not fit */
		p->insn[p->n] = (struct sock_filter){ code, jt, jf, k };
	p->n++;
}

static void load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void give(struct program *p, uint32_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

/* The low half of an argument: the kernel truncates all that are looked at here to int. */
static size_t arg_offset(unsigned i)
{
	size_t at = offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? at + 4 : at;
}

static void check_arch(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
	give(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	give(p, SECCOMP_RET_KILL_PROCESS);
}

/* Memory is never made executable. */
static void check_mmap(struct program *p)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 4);
	load(p, arg_offset(2));
	emit(p, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
	give(p, SECCOMP_RET_ALLOW);
	give(p, SECCOMP_RET_KILL_PROCESS);
}

/* Sockets are made for the Internet only; the netlink ones were made by the runtime. */
static void check_socket(struct program *p)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 5);
	load(p, arg_offset(0));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
	give(p, SECCOMP_RET_KILL_PROCESS);
	give(p, SECCOMP_RET_ALLOW);
}

/* To take a notification of a filter's, and to answer it: no descriptor is ever given to its process. */
static void check_ioctl(struct program *p)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 5);
	load(p, arg_offset(1));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SECCOMP_IOCTL_NOTIF_RECV, 2, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SECCOMP_IOCTL_NOTIF_SEND, 1, 0);
	give(p, SECCOMP_RET_KILL_PROCESS);
	give(p, SECCOMP_RET_ALLOW);
}

static void check_list(struct program *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (allowed[i] == __NR_socket || allowed[i] == __NR_ioctl)
			continue; /* only as said above */
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		give(p, SECCOMP_RET_ALLOW);
	}
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1);
	give(p, SECCOMP_RET_ERRNO | ENOENT);
}

size_t jail_program(struct sock_filter ret[JAIL_INSNS])
{
	struct program p = { ret, 0 };

	check_arch(&p);
	check_mmap(&p);
	check_socket(&p);
	check_ioctl(&p);
	check_list(&p);
	give(&p, SECCOMP_RET_KILL_PROCESS);
	return p.n;
}

int jail_enter(struct err *e)
{
	struct sock_filter insn[JAIL_INSNS];
	struct sock_fprog prog = { .filter = insn };
	size_t n = jail_program(insn);

	if (n > JAIL_INSNS)
		return err_set(e, ERR_UNSUPPORTED, "seccomp: the filter does not fit");
	prog.len = (unsigned short)n;
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_sys(e, "seccomp: load the filter");
	return 0;
}
