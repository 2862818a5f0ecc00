/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_syscalls.c - the agent profile's filter: (system call, arguments) -> verdict
 *
 * The filter is compiled by libseccomp as it is for a container, and its program is evaluated
 * here, so the rows hold for what the kernel would decide without loading anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cbpf.h"
#include "tests/unit/tight_help.h"

#define MAX_INSNS 65536u
#define HIGH (UINT64_C(1) << 32)

static struct sock_filter prog[MAX_INSNS];
static size_t prog_n;

static uint32_t action_of(int action, struct opt_u32 errno_ret)
{
	uint32_t act = (uint32_t)action;

	return act == SCMP_ACT_ERRNO(0) ? SCMP_ACT_ERRNO(errno_ret.set ? errno_ret.v : EPERM) : act;
}

static int add_rule(scmp_filter_ctx ctx, const struct oci_seccomp_rule *r, const char *name)
{
	struct scmp_arg_cmp cmp[6];
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return 0;
	for (size_t i = 0; i < r->n_args; i++)
		cmp[i] = (struct scmp_arg_cmp){ r->args[i].index, (enum scmp_compare)r->args[i].op,
						r->args[i].value, r->args[i].value_two };
	return seccomp_rule_add_array(ctx, action_of(r->action, r->errno_ret), nr,
				      (unsigned)r->n_args, cmp);
}

static bool compile(const struct oci_seccomp *f)
{
	scmp_filter_ctx ctx = seccomp_init(action_of(f->default_action, f->default_errno_ret));
	int fd = memfd_create("filter", MFD_CLOEXEC), bad = 0;

	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < f->n_syscalls; i++)
		for (size_t k = 0; k < f->syscalls[i].n_names; k++)
			if (add_rule(ctx, &f->syscalls[i], f->syscalls[i].names[k]) && !bad++)
				t_note("%s (%s)", f->syscalls[i].names[k], f->syscalls[i].reason);
	bad += seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0;
	bad += seccomp_export_bpf(ctx, fd) != 0;
	seccomp_release(ctx);

	ssize_t n = pread(fd, prog, sizeof(prog), 0);

	close(fd);
	prog_n = n > 0 ? (size_t)n / sizeof(prog[0]) : 0;
	return !bad && prog_n <= BPF_MAXINSNS && cbpf_is_known(prog, prog_n);
}

static uint32_t verdict(uint32_t arch, const char *name, const uint64_t *args)
{
	struct seccomp_data d = { .nr = seccomp_syscall_resolve_name(name), .arch = arch };

	memcpy(d.args, args, sizeof(d.args));
	return cbpf_verdict(prog, &d);
}

#define ALLOW SECCOMP_RET_ALLOW
#define DENY(err) (SECCOMP_RET_ERRNO | (err))

static const struct {
	const char *name, *call;
	uint64_t args[6];
	uint32_t want;
} rows[] = {
	{ "a stream socket", "socket", { AF_INET, SOCK_STREAM, 0 }, ALLOW },
	{ "a datagram socket with its protocol", "socket", { AF_INET6, SOCK_DGRAM, 17 }, ALLOW },
	{ "no ping socket", "socket", { AF_INET, SOCK_DGRAM, 1 }, DENY(EACCES) },
	{ "a unix socket", "socket", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0 }, ALLOW },
	{ "a netlink socket for routes", "socket", { AF_NETLINK, SOCK_RAW, 0 }, ALLOW },
	{ "no netlink socket for the audit system",
	  "socket",
	  { AF_NETLINK, SOCK_RAW, 9 },
	  DENY(EPROTONOSUPPORT) },
	{ "no netlink socket for device events",
	  "socket",
	  { AF_NETLINK, SOCK_RAW, 15 },
	  DENY(EPROTONOSUPPORT) },
	{ "no vsock", "socket", { 40, SOCK_STREAM, 0 }, DENY(EAFNOSUPPORT) },
	{ "no vsock behind high bits",
	  "socket",
	  { HIGH | 40, SOCK_STREAM, 0 },
	  DENY(EAFNOSUPPORT) },
	{ "high bits do not hide an allowed family",
	  "socket",
	  { HIGH | AF_INET, SOCK_STREAM, 0 },
	  ALLOW },
	{ "no packet socket", "socket", { AF_PACKET, SOCK_RAW, 768 }, DENY(EAFNOSUPPORT) },
	{ "no kernel crypto socket", "socket", { 38, 5, 0 }, DENY(EAFNOSUPPORT) },
	{ "no bluetooth", "socket", { 31, 3, 0 }, DENY(EAFNOSUPPORT) },
	{ "no XDP socket", "socket", { 44, 3, 0 }, DENY(EAFNOSUPPORT) },
	{ "no unspecified family", "socket", { 0, 1, 0 }, DENY(EAFNOSUPPORT) },
	{ "no MPTCP", "socket", { AF_INET, SOCK_STREAM, 262 }, DENY(EPROTONOSUPPORT) },
	{ "no MPTCP over IPv6", "socket", { AF_INET6, SOCK_STREAM, 262 }, DENY(EPROTONOSUPPORT) },
	{ "no MPTCP behind high bits",
	  "socket",
	  { AF_INET, SOCK_STREAM, HIGH | 262 },
	  DENY(EPROTONOSUPPORT) },
	{ "no SCTP", "socket", { AF_INET, SOCK_STREAM, 132 }, DENY(ENOSYS) },
	{ "no raw protocol", "socket", { AF_INET, SOCK_RAW, 255 }, DENY(EPERM) },
	{ "a unix socket pair", "socketpair", { AF_UNIX, SOCK_STREAM, 0 }, ALLOW },
	{ "no TIPC socket pair", "socketpair", { 30, SOCK_STREAM, 0 }, DENY(ENOSYS) },
	{ "a process", "clone", { 0x1200011 }, ALLOW },
	{ "a thread", "clone", { 0x3d0f00 }, ALLOW },
	{ "no user namespace by clone", "clone", { CLONE_NEWUSER | 17 }, DENY(EPERM) },
	{ "no network namespace by clone", "clone", { CLONE_NEWNET | 17 }, DENY(EPERM) },
	{ "no mount namespace by clone", "clone", { CLONE_NEWNS | 17 }, DENY(EPERM) },
	{ "no pid namespace by clone", "clone", { CLONE_NEWPID | 17 }, DENY(EPERM) },
	{ "no two namespaces by clone",
	  "clone",
	  { CLONE_NEWUSER | CLONE_NEWNET | 17 },
	  DENY(EPERM) },
	{ "no namespace by clone behind high bits",
	  "clone",
	  { HIGH | CLONE_NEWUSER },
	  DENY(EPERM) },
	{ "clone3 is unknown, so that clone is used", "clone3", { 0 }, DENY(ENOSYS) },
	{ "unshared files", "unshare", { CLONE_FILES | CLONE_FS }, ALLOW },
	{ "no unshared user namespace", "unshare", { CLONE_NEWUSER }, DENY(EPERM) },
	{ "no unshared time namespace", "unshare", { 0x80 }, DENY(EPERM) },
	{ "no unshared namespace among others",
	  "unshare",
	  { CLONE_FS | CLONE_NEWNET },
	  DENY(EPERM) },
	{ "no joining of namespaces", "setns", { 3, 0 }, DENY(EPERM) },
	{ "terminals", "ioctl", { 0, 0x5401 }, ALLOW },
	{ "the terminal's size", "ioctl", { 0, 0x5413 }, ALLOW },
	{ "a read of what is queued", "ioctl", { 0, 0x541b }, ALLOW },
	{ "a request next to TIOCLINUX", "ioctl", { 0, 0x541d }, ALLOW },
	{ "a request with the same low byte", "ioctl", { 0, 0x8912 }, ALLOW },
	{ "a request of another size with the same low bits", "ioctl", { 0, 0xc0105412 }, DENY(EPERM) },
	{ "a terminal's number", "ioctl", { 0, 0x80045430 }, ALLOW },
	{ "no typing into the terminal", "ioctl", { 0, 0x5412 }, DENY(EPERM) },
	{ "no typing into the terminal behind high bits",
	  "ioctl",
	  { 0, HIGH | 0x5412 },
	  DENY(EPERM) },
	{ "no pasting into the console", "ioctl", { 0, 0x541c }, DENY(EPERM) },
	{ "the ordinary personality", "personality", { 0xffffffff }, ALLOW },
	{ "no address randomisation, as debuggers want it", "personality", { 0x40000 }, ALLOW },
	{ "no readable code as data", "personality", { 0x400000 }, DENY(ENOSYS) },
	{ "no mount", "mount", { 0 }, DENY(EPERM) },
	{ "no unmount", "umount2", { 0 }, DENY(EPERM) },
	{ "no detached mount", "open_tree", { 0 }, DENY(EPERM) },
	{ "no moved mount", "move_mount", { 0 }, DENY(EPERM) },
	{ "no new root", "pivot_root", { 0 }, DENY(EPERM) },
	{ "a changed root", "chroot", { 0 }, ALLOW },
	{ "no BPF", "bpf", { 0 }, DENY(EPERM) },
	{ "no performance events", "perf_event_open", { 0 }, DENY(EPERM) },
	{ "no io_uring", "io_uring_setup", { 0 }, DENY(EPERM) },
	{ "no requests to an io_uring", "io_uring_enter", { 0 }, DENY(EPERM) },
	{ "no page faults in user space", "userfaultfd", { 0 }, DENY(EPERM) },
	{ "no keys", "keyctl", { 0 }, DENY(EPERM) },
	{ "no added keys", "add_key", { 0 }, DENY(EPERM) },
	{ "no modules", "finit_module", { 0 }, DENY(EPERM) },
	{ "no other kernel", "kexec_load", { 0 }, DENY(EPERM) },
	{ "no set clock", "clock_settime", { 0 }, DENY(EPERM) },
	{ "no files by handle", "open_by_handle_at", { 0 }, DENY(EPERM) },
	{ "no swap", "swapon", { 0 }, DENY(EPERM) },
	{ "no kernel log", "syslog", { 0 }, DENY(EPERM) },
	{ "no restart", "reboot", { 0 }, DENY(EPERM) },
	{ "no quotas", "quotactl", { 0 }, DENY(EPERM) },
	{ "a debugger's tracing", "ptrace", { 0 }, ALLOW },
	{ "confinement by Landlock", "landlock_create_ruleset", { 0 }, ALLOW },
	{ "a filter of its own", "seccomp", { 1 }, ALLOW },
	{ "memory files", "memfd_create", { 0 }, ALLOW },
	{ "ids", "setresuid", { 0 }, ALLOW },
	{ "owners", "fchownat", { 0 }, ALLOW },
	{ "locks", "futex", { 0 }, ALLOW },
	{ "restartable sequences", "rseq", { 0 }, ALLOW },
	{ "random numbers", "getrandom", { 0 }, ALLOW },
	{ "safe paths", "openat2", { 0 }, ALLOW },
};

static void calls(uint32_t arch)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got = verdict(arch, rows[i].call, rows[i].args);

		if (!t_ok(got == rows[i].want, rows[i].name))
			t_note("%s: got 0x%x, want 0x%x", rows[i].call, got, rows[i].want);
	}
}

static void foreign(uint32_t arch)
{
	static const struct {
		const char *name;
		uint32_t arch;
		int nr;
	} odd[] = {
		{ "the 32-bit entry is killed", AUDIT_ARCH_I386, 102 },
		{ "another architecture is killed", AUDIT_ARCH_ARM, 1 },
		{ "the x32 entry is killed", AUDIT_ARCH_X86_64, 0x40000000 | 41 },
	};
	struct seccomp_data newer = { .nr = 4000, .arch = arch };

	t_ok(cbpf_verdict(prog, &newer) == DENY(ENOSYS),
	     "a system call that is not known yet does not exist");
	for (size_t i = 0; i < 3; i++) {
		struct seccomp_data d = { .nr = odd[i].nr, .arch = odd[i].arch };

		if (arch != AUDIT_ARCH_X86_64)
			t_skip(odd[i].name, "only decided on x86_64");
		else
			t_ok(cbpf_verdict(prog, &d) == SECCOMP_RET_KILL_PROCESS, odd[i].name);
	}
}

int main(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct profile *p = h_profile(&a, "agent", NULL);
	uint32_t arch = seccomp_arch_native();
	bool reasons = true;

	for (size_t i = 0; i < p->seccomp->n_syscalls; i++)
		reasons = reasons && p->seccomp->syscalls[i].reason;
	t_ok(reasons, "every group of the filter says why");
	if (t_ok(compile(p->seccomp), "the filter compiles")) {
		t_note("%zu instructions", prog_n);
		calls(arch);
		foreign(arch);
	}
	return t_done();
}
