/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_jail.c - which system calls agentrt-egress has left, by its own filter */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cbpf.h"
#include "base/table.h"
#include "egress/jail.h"
#include "tests/unit/test.h"

#define PASS	SECCOMP_RET_ALLOW
#define KILL	SECCOMP_RET_KILL_PROCESS
#define HIGH	(UINT64_C(1) << 32)
#define LISTENER UINT64_C(9)

static const struct {
	const char *name, *call;
	uint64_t args[6];
	uint32_t want;
} rows[] = {
	{ "a notification is taken", "ioctl", { LISTENER, SECCOMP_IOCTL_NOTIF_RECV }, PASS },
	{ "and answered", "ioctl", { LISTENER, SECCOMP_IOCTL_NOTIF_SEND }, PASS },
	{ "no descriptor is given to its process", "ioctl", { LISTENER, SECCOMP_IOCTL_NOTIF_ADDFD }, KILL },
	{ "nor behind high bits", "ioctl", { LISTENER, HIGH | SECCOMP_IOCTL_NOTIF_ADDFD }, KILL },
	{ "nothing else is asked of a listener", "ioctl", { LISTENER, SECCOMP_IOCTL_NOTIF_ID_VALID }, KILL },
	{ "nor of a terminal", "ioctl", { 0, TIOCSTI }, KILL },
	{ "nor of a socket", "ioctl", { LISTENER, SIOCATMARK }, KILL },
	{ "a connection is dialled", "socket", { AF_INET, SOCK_STREAM, 0 }, PASS },
	{ "by IPv6, too", "socket", { AF_INET6, SOCK_STREAM, 0 }, PASS },
	{ "no netlink socket is made", "socket", { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE }, KILL },
	{ "no vsock", "socket", { 40, SOCK_STREAM, 0 }, KILL },
	{ "no unix socket", "socket", { AF_UNIX, SOCK_STREAM, 0 }, KILL },
	{ "descriptors are received", "recvmsg", { LISTENER }, PASS },
	{ "the log is written", "write", { 6 }, PASS },
	{ "there are no files", "openat", { 0 }, SECCOMP_RET_ERRNO | ENOENT },
	{ "memory is had", "mmap", { 0, 4096, PROT_READ | PROT_WRITE }, PASS },
	{ "but none is executed", "mmap", { 0, 4096, PROT_READ | PROT_EXEC }, KILL },
	{ "nor made so later", "mprotect", { 0, 4096, PROT_EXEC }, KILL },
	{ "no program is executed", "execve", { 0 }, KILL },
	{ "no process is made", "clone", { 17 }, KILL },
	{ "no filter is loaded", "seccomp", { SECCOMP_SET_MODE_FILTER }, KILL },
	{ "no other process is looked at", "ptrace", { 0 }, KILL },
	{ "none is signalled", "kill", { 1, 9 }, KILL },
	{ "no descriptor is taken from one", "pidfd_getfd", { 0 }, KILL },
};

int main(void)
{
	struct sock_filter f[JAIL_INSNS];
	size_t n = jail_program(f);

	if (!t_ok(n <= JAIL_INSNS && cbpf_is_known(f, n), "the filter can be read"))
		return t_done();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_data d = { .nr = seccomp_syscall_resolve_name(rows[i].call),
					  .arch = seccomp_arch_native() };

		for (size_t k = 0; k < 6; k++)
			d.args[k] = rows[i].args[k];
		if (!t_ok(cbpf_verdict(f, &d) == rows[i].want, rows[i].name))
			t_note("got %#x", cbpf_verdict(f, &d));
	}
	struct seccomp_data other = { .nr = 0, .arch = AUDIT_ARCH_I386 == seccomp_arch_native() ?
						       AUDIT_ARCH_X86_64 : AUDIT_ARCH_I386 };
	t_ok(cbpf_verdict(f, &other) == KILL, "another architecture has none");
	return t_done();
}
