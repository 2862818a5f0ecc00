/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_agent_filter.c - the agent profile's filter: system call and arguments in, verdict out
 *
 * The program is interpreted here, so that a row needs no right to make the call and no kernel that
 * knows it; what is refused is also tried behind the real filter. Then every rule of the profile is
 * taken out once: some row must notice. The filter of process.noSetIdFiles is judged likewise.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/table.h"
#include "exec/seccomp_compile.h"
#include "profiles/nested.h"
#include "profiles/profile.h"
#include "tests/unit/filter_help.h"
#include "tests/unit/plan_fix.h"

#define PASS	SECCOMP_RET_ALLOW
#define NO(err) (SECCOMP_RET_ERRNO | (err))
#define KILL	SECCOMP_RET_KILL_PROCESS
#define HIGH	(UINT64_C(1) << 32) /* bits that the kernel drops from an int */
#define ANY_FD	UINT64_C(3)

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define X32_BIT 0x40000000u

struct row {
	const char *name; /* of the call; "#N": its number */
	uint64_t args[6];
	uint32_t want;
	uint32_t arch; /* 0: this machine's */
};

#define SOCKET(want, ...) { "socket", { __VA_ARGS__ }, want, 0 }
#define CLONE(flag)	  { "clone", { (flag) | 17 }, NO(EPERM), 0 }, \
			  { "unshare", { flag }, NO(EPERM), 0 }

static const struct row rows[] = {
	/* what every program does */
	{ "openat", { 0 }, PASS, 0 },
	{ "mmap", { 0 }, PASS, 0 },
	{ "execve", { 0 }, PASS, 0 },
	{ "sched_yield", { 0 }, PASS, 0 },
	{ "setuid", { 0 }, PASS, 0 },
	{ "clock_gettime", { 0 }, PASS, 0 },
	{ "accept4", { 0 }, PASS, 0 },
	{ "shmget", { 0 }, PASS, 0 },
	{ "io_submit", { 0 }, PASS, 0 },
	{ "landlock_restrict_self", { 0 }, PASS, 0 },
	{ "ptrace", { 0 }, PASS, 0 },
	{ "getrandom", { 0 }, PASS, 0 },
	/* sockets: by family and protocol, on the low 32 bits */
	SOCKET(PASS, AF_INET, SOCK_STREAM, 0),
	SOCKET(PASS, AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(PASS, AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(NO(EACCES), AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
	SOCKET(NO(EACCES), AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, HIGH | IPPROTO_ICMPV6),
	SOCKET(PASS, AF_UNIX, SOCK_STREAM, 0),
	SOCKET(PASS, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
	SOCKET(PASS, HIGH | AF_INET, SOCK_STREAM, HIGH | IPPROTO_TCP),
	SOCKET(NO(EPROTONOSUPPORT), AF_INET, SOCK_STREAM, IPPROTO_MPTCP),
	SOCKET(NO(EPROTONOSUPPORT), AF_INET6, SOCK_STREAM, HIGH | IPPROTO_MPTCP),
	SOCKET(NO(ENOSYS), AF_INET, SOCK_STREAM, IPPROTO_SCTP),
	SOCKET(NO(EPERM), AF_INET, SOCK_RAW, IPPROTO_RAW),
	SOCKET(NO(EPERM), AF_INET, SOCK_RAW, IPPROTO_ICMP),
	SOCKET(NO(EPERM), AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6),
	SOCKET(NO(EPERM), AF_INET, HIGH | SOCK_RAW | SOCK_NONBLOCK, 0),
	SOCKET(NO(EPERM), AF_INET, SOCK_RAW, IPPROTO_UDP),
	SOCKET(NO(EPERM), AF_INET, 10 /* SOCK_PACKET */, 0x300),
	SOCKET(NO(ENOSYS), AF_INET, SOCK_SEQPACKET, 0),
	SOCKET(NO(ENOSYS), AF_INET, SOCK_DGRAM, IPPROTO_TCP),
	SOCKET(PASS, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	SOCKET(PASS, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	SOCKET(PASS, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP),
	SOCKET(PASS, AF_UNIX, SOCK_SEQPACKET, 0),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, 1),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, 2),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, HIGH | NETLINK_NETFILTER),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT),
	SOCKET(NO(EPROTONOSUPPORT), AF_NETLINK, SOCK_RAW, NETLINK_GENERIC),
	SOCKET(NO(EAFNOSUPPORT), AF_UNSPEC, SOCK_STREAM, 0),
	SOCKET(NO(EAFNOSUPPORT), 3, SOCK_DGRAM, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_IPX, SOCK_DGRAM, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_X25, SOCK_SEQPACKET, 0),
	SOCKET(NO(EAFNOSUPPORT), 11, SOCK_DGRAM, 0),
	SOCKET(NO(EAFNOSUPPORT), 15, SOCK_RAW, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_PACKET, SOCK_RAW, 0),
	SOCKET(NO(EAFNOSUPPORT), HIGH | AF_PACKET, SOCK_RAW, 0),
	SOCKET(NO(EAFNOSUPPORT), 19, SOCK_DGRAM, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_RDS, SOCK_SEQPACKET, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_TIPC, SOCK_SEQPACKET, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_ALG, SOCK_SEQPACKET, 0),
	SOCKET(NO(EAFNOSUPPORT), AF_VSOCK, SOCK_STREAM, 0),
	SOCKET(NO(EAFNOSUPPORT), HIGH | AF_XDP, SOCK_RAW, 0),
	{ "socketpair", { AF_UNIX, SOCK_STREAM, 0 }, PASS, 0 },
	{ "socketpair", { AF_TIPC, SOCK_STREAM, 0 }, NO(ENOSYS), 0 },
	/* namespaces: a thread or process, nothing new around it */
	{ "clone", { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD }, PASS, 0 },
	{ "unshare", { CLONE_FS | CLONE_FILES }, PASS, 0 },
	CLONE(CLONE_NEWNS),
	CLONE(CLONE_NEWCGROUP),
	CLONE(CLONE_NEWUTS),
	CLONE(CLONE_NEWIPC),
	CLONE(CLONE_NEWUSER),
	CLONE(CLONE_NEWPID),
	CLONE(CLONE_NEWNET),
	{ "clone", { HIGH | CLONE_NEWUSER | 17 }, NO(EPERM), 0 },
	{ "unshare", { HIGH | CLONE_NEWUSER }, NO(EPERM), 0 },
	{ "unshare", { 0x80 /* CLONE_NEWTIME */ }, NO(EPERM), 0 },
	{ "clone3", { 0 }, NO(ENOSYS), 0 }, /* its flags are in memory: libc falls back to clone */
	{ "setns", { ANY_FD, 0 }, NO(EPERM), 0 },
	/* execution domains */
	{ "personality", { PER_LINUX }, PASS, 0 },
	{ "personality", { PER_LINUX32 }, PASS, 0 },
	{ "personality", { UNAME26 }, PASS, 0 },
	{ "personality", { PER_LINUX32 | UNAME26 }, PASS, 0 },
	{ "personality", { ADDR_NO_RANDOMIZE }, PASS, 0 },
	{ "personality", { 0xffffffff }, PASS, 0 },
	{ "personality", { READ_IMPLIES_EXEC }, NO(ENOSYS), 0 },
	/* terminals: one bit beside TIOCSTI (0x5412) and TIOCLINUX (0x541c) after the other */
	{ "ioctl", { 0, TIOCSTI }, NO(EPERM), 0 },
	{ "ioctl", { 0, HIGH | TIOCSTI }, NO(EPERM), 0 },
	{ "ioctl", { 0, TIOCLINUX }, NO(EPERM), 0 },
	{ "ioctl", { 0, HIGH | TIOCLINUX }, NO(EPERM), 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x8000 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x4000 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x2000 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x1000 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0800 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0400 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0200 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0100 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0080 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0040 }, PASS, 0 },
	{ "ioctl", { 0, 0x5412 ^ 0x0020 }, PASS, 0 },
	{ "ioctl", { 0, TCGETS }, PASS, 0 },
	{ "ioctl", { 0, TIOCSPGRP }, PASS, 0 },
	{ "ioctl", { 0, TIOCGWINSZ }, PASS, 0 },
	{ "ioctl", { 0, TIOCSWINSZ }, PASS, 0 },
	{ "ioctl", { 0, FIONREAD }, PASS, 0 },
	{ "ioctl", { 0, TIOCCONS }, PASS, 0 },
	{ "ioctl", { 0, TIOCGSERIAL }, PASS, 0 },
	/* what no container of ours needs */
	{ "mount", { 0 }, NO(EPERM), 0 },
	{ "bpf", { 0 }, NO(EPERM), 0 },
	{ "io_uring_setup", { 0 }, NO(EPERM), 0 },
	{ "keyctl", { 0 }, NO(EPERM), 0 },
	{ "open_by_handle_at", { 0 }, NO(EPERM), 0 },
	{ "finit_module", { ANY_FD }, NO(EPERM), 0 },
	{ "move_pages", { 0 }, NO(EPERM), 0 },
	/* what nobody has heard of, and other architectures */
	{ "#1000", { 0 }, NO(ENOSYS), 0 },
#ifdef __x86_64__
	{ "openat", { 0 }, KILL, AUDIT_ARCH_I386 },
	{ "openat", { 0 }, KILL, AUDIT_ARCH_AARCH64 },
#endif
};

/* Where the profile says "nested". */
static const struct row nested_rows[] = {
	{ "clone", { CLONE_NEWUSER | 17 }, PASS, 0 },
	{ "clone", { CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 17 }, PASS, 0 },
	{ "clone", { CLONE_VM | CLONE_THREAD }, PASS, 0 },
	{ "clone", { CLONE_NEWUSER | CLONE_NEWNS | 17 }, NO(EPERM), 0 },
	{ "clone", { CLONE_NEWCGROUP | 17 }, NO(EPERM), 0 },
	{ "clone", { CLONE_NEWUTS | 17 }, NO(EPERM), 0 },
	{ "clone", { CLONE_NEWIPC | 17 }, NO(EPERM), 0 },
	{ "unshare", { CLONE_NEWUSER }, PASS, 0 },
	{ "unshare", { CLONE_NEWUSER | CLONE_NEWNS }, NO(EPERM), 0 },
	{ "unshare", { CLONE_NEWPID | 0x80 /* CLONE_NEWTIME */ }, NO(EPERM), 0 },
	{ "mount", { 0 }, NO(EPERM), 0 },
	{ "setns", { ANY_FD, 0 }, NO(EPERM), 0 },
};

#define MAKES(flags, mode, want)                                                                   \
	{ "open", { 0, (flags), (mode) }, want, 0 }, { "openat", { 0, 0, (flags), (mode) }, want, 0 }
#define MODE(mode, want)                                                                           \
	{ "chmod", { 0, (mode) }, want, 0 }, { "fchmod", { ANY_FD, (mode) }, want, 0 },            \
	{ "fchmodat", { 0, 0, (mode) }, want, 0 }, { "fchmodat2", { 0, 0, (mode) }, want, 0 },     \
	{ "creat", { 0, (mode) }, want, 0 }, { "mknod", { 0, S_IFREG | (mode) }, want, 0 },        \
	{ "mknodat", { 0, 0, S_IFREG | (mode) }, want, 0 },                                        \
	MAKES(O_CREAT | O_WRONLY, mode, want), MAKES(O_TMPFILE | O_RDWR, mode, want)

/* The filter of "process.noSetIdFiles", alone. */
static const struct row setid_rows[] = {
	MODE(0755, PASS),
	MODE(01777, PASS),
	MODE(04755, NO(EPERM)),
	MODE(02755, NO(EPERM)),
	MODE(06000, NO(EPERM)),
	MODE(HIGH | 04000, NO(EPERM)),
	/* where no file is made the mode is whatever was in the register */
	MAKES(O_RDWR | O_TRUNC, 06755, PASS),
	MAKES(O_RDONLY | O_DIRECTORY, 06755, PASS),
	{ "openat2", { 0 }, NO(ENOSYS), 0 },
	{ "io_uring_setup", { 0 }, NO(EPERM), 0 },
	/* the kernel takes no such bit from it */
	{ "mkdir", { 0, 06755 }, PASS, 0 },
	{ "mkdirat", { 0, 0, 06755 }, PASS, 0 },
	{ "mount", { 0 }, PASS, 0 },
#ifdef __x86_64__
	{ "openat", { 0 }, KILL, AUDIT_ARCH_I386 },
	{ "#1073741914", { 0, 0755 }, KILL, 0 }, /* chmod by its x32 number */
#endif
};

/* Where the network is the engine's, echo requests reach something. */
static const struct row net_rows[] = {
	SOCKET(PASS, AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
	SOCKET(PASS, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, HIGH | IPPROTO_ICMPV6),
	SOCKET(PASS, AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(NO(EPERM), AF_INET, SOCK_RAW, IPPROTO_ICMP),
	SOCKET(NO(EAFNOSUPPORT), AF_PACKET, SOCK_RAW, 0),
};

static uint32_t native_arch(void)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		return AUDIT_ARCH_X86_64;
	case SCMP_ARCH_AARCH64:
		return AUDIT_ARCH_AARCH64;
	default:
		return 0;
	}
}

static int number_of(const char *name)
{
	return name[0] == '#' ? atoi(name + 1) : seccomp_syscall_resolve_name(name);
}

static uint32_t judge(const struct seccomp_prog *p, const struct row *r)
{
	struct seccomp_data d = { .nr = number_of(r->name),
				  .arch = r->arch ? r->arch : native_arch() };

	memcpy(d.args, r->args, sizeof(d.args));
	return verdict(p, &d);
}

static int no_files(void *ctx, struct arena *a, const char *name, const char **ret_text,
		    size_t *ret_len, const char **ret_path, struct err *e)
{
	(void)ctx, (void)a, (void)name, (void)ret_text, (void)ret_len, (void)ret_path, (void)e;
	return 0;
}

#define NONE SIZE_MAX

/* What an administrator would write to have the engine's network. */
static int engine_net(void *ctx, struct arena *a, const char *name, const char **ret_text,
		      size_t *ret_len, const char **ret_path, struct err *e)
{
	(void)ctx, (void)a, (void)e;
	if (strcmp(name, "net") != 0)
		return 0;
	*ret_text = "{\"version\":1,\"name\":\"net\",\"extends\":\"agent\",\"egress\":{\"mode\":\"engine\"}}";
	*ret_len = strlen(*ret_text);
	*ret_path = "net.json";
	return 0;
}

static bool make_with_net(struct fix *x, struct seccomp_prog *ret)
{
	struct profile *net;

	fix_init(x, FIX_PLAIN);
	if (profile_load(&x->a, "net", engine_net, NULL, &net, &x->e))
		return false;
	x->t.seccomp2 = net->seccomp;
	return fix_build(x) && seccomp_compile(&fix_op(x, OP_SECCOMP, 0)->u.seccomp, ret, &x->e) == 0;
}

/* The agent's filter as the runtime makes it, without rule @skip (its index, or NONE). */
static bool make(struct fix *x, size_t skip, bool nested, struct seccomp_prog *ret)
{
	struct oci_seccomp filter;
	struct profile *agent;
	const struct op *op;

	fix_init(x, FIX_PLAIN);
	if (profile_load(&x->a, "agent", no_files, NULL, &agent, &x->e))
		return false;
	filter = *agent->seccomp;
	filter.syscalls = NULL;
	filter.n_syscalls = 0;
	for (size_t i = 0; i < agent->seccomp->n_syscalls; i++)
		if (i != skip)
			*arena_push(&x->a, filter.syscalls, filter.n_syscalls) =
				agent->seccomp->syscalls[i];
	x->t.seccomp2 = nested ? nested_seccomp(&x->a, &filter) : &filter;
	if (!fix_build(x) || !(op = fix_op(x, OP_SECCOMP, 0)))
		return false;
	return seccomp_compile(&op->u.seccomp, ret, &x->e) == 0;
}

/* Without any other filter. */
static bool make_setid(struct fix *x, struct seccomp_prog *ret)
{
	static struct profile none;
	const struct op *op;

	fix_init(x, FIX_PLAIN);
	none = *x->t.profile;
	none.no_setid = true;
	x->t.profile = &none;
	if (!fix_build(x) || !(op = fix_op(x, OP_SECCOMP, 0)))
		return false;
	return !fix_op(x, OP_SECCOMP, 1) && seccomp_compile(&op->u.seccomp, ret, &x->e) == 0;
}

static void test_rows(const struct seccomp_prog *p, const char *of, const struct row *v, size_t n)
{
	char name[128];

	for (size_t i = 0; i < n; i++) {
		const struct row *r = &v[i];
		uint32_t got = judge(p, r);

		snprintf(name, sizeof(name), "%s: %s(%#llx, %#llx, %#llx)%s is as the table says", of, r->name,
			 (unsigned long long)r->args[0], (unsigned long long)r->args[1],
			 (unsigned long long)r->args[2], r->arch ? " of another architecture" : "");
		if (number_of(r->name) < 0)
			t_skip(name, "not a call of this architecture");
		else if (!t_ok(got == r->want, name))
			t_note("got %#x, want %#x", got, r->want);
	}
}

static void test_live(const struct seccomp_prog *p)
{
	int tried = 0, bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (r->arch || (r->want & SECCOMP_RET_ACTION) != SECCOMP_RET_ERRNO ||
		    number_of(r->name) < 0)
			continue;
		tried++;
		if (behind_filter(p, number_of(r->name), r->args) == (int)(r->want & SECCOMP_RET_DATA))
			continue;
		bad++;
		t_note("%s(%#llx)", r->name, (unsigned long long)r->args[0]);
	}
	t_ok(tried > 40 && bad == 0, "what the table refuses the kernel refuses, with the same errno");
}

static bool is_native(const struct oci_seccomp_rule *r)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (seccomp_syscall_resolve_name(r->names[i]) >= 0)
			return true;
	return false;
}

static bool is_noticed(size_t skip)
{
	struct seccomp_prog p = { 0 };
	bool noticed = false;
	struct fix x;

	if (!make(&x, skip, false, &p))
		t_note("%s", x.e.msg);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && p.data; i++)
		noticed = noticed || (number_of(rows[i].name) >= 0 &&
				      judge(&p, &rows[i]) != rows[i].want);
	free(p.data);
	arena_done(&x.a);
	return noticed;
}

static void test_every_rule(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct profile *agent;
	size_t n = 0, owned = 0;

	if (profile_load(&a, "agent", no_files, NULL, &agent, &e)) {
		t_ok(false, e.msg);
		return;
	}
	for (size_t i = 0; i < agent->seccomp->n_syscalls; i++) {
		if (!is_native(&agent->seccomp->syscalls[i]))
			continue;
		n++;
		if (is_noticed(i))
			owned++;
		else
			t_note("rule %zu (%s ...) is missed by no row", i,
			       agent->seccomp->syscalls[i].names[0]);
	}
	t_ok(owned == n && n > 0, "a rule that is taken out changes a verdict");
	t_note("%zu of %zu rules", owned, n);
}

int main(void)
{
	struct seccomp_prog p = { 0 };
	struct fix x;

	if (!native_arch()) {
		t_skip("the agent's filter", "this test knows x86-64 and arm64");
		return t_done();
	}
	if (t_ok(make(&x, NONE, false, &p), "the agent's filter compiles")) {
		test_rows(&p, "agent", rows, ARRAY_SIZE(rows));
		test_live(&p);
		test_every_rule();
	}
	free(p.data);
	arena_done(&x.a);
	p.data = NULL;
	if (t_ok(make(&x, NONE, true, &p), "and so does that of nested namespaces"))
		test_rows(&p, "nested", nested_rows, ARRAY_SIZE(nested_rows));
	free(p.data);
	arena_done(&x.a);
	p.data = NULL;
	if (t_ok(make_with_net(&x, &p), "and that of one with the engine's network"))
		test_rows(&p, "engine", net_rows, ARRAY_SIZE(net_rows));
	free(p.data);
	arena_done(&x.a);
	p.data = NULL;
	if (t_ok(make_setid(&x, &p), "and that which refuses set-user-id files"))
		test_rows(&p, "setid", setid_rows, ARRAY_SIZE(setid_rows));
	free(p.data);
	arena_done(&x.a);
	return t_done();
}
