/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - what the runtime hands over, and what it is told */
#include "egress/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "sys/syscalls.h"

#define SEALS_WANTED (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define FDS_RESERVED 512u /* not connections: ours, pipes, lookups, attempts to connect */
#define CONNS_MIN    32u
#ifndef P_PIDFD
#define P_PIDFD 3 /* waitid(2), Linux 5.4 */
#endif

static bool socket_option_is(int fd, int option, int want)
{
	int v = -1;
	socklen_t len = sizeof(v);

	return getsockopt(fd, SOL_SOCKET, option, &v, &len) == 0 && v == want;
}

static bool is_policy(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS_WANTED) == SEALS_WANTED;
}

static bool is_listener(int fd)
{
	return socket_option_is(fd, SO_ACCEPTCONN, 1) && socket_option_is(fd, SO_TYPE, SOCK_STREAM);
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static bool is_log(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR && (flags & O_APPEND) &&
	       fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_readable_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)) &&
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

/* waitid(2) tells a process that is not our child (ECHILD) from what is no process (EINVAL). */
static bool is_pidfd(int fd)
{
	siginfo_t info;

	return waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
	       errno == ECHILD;
}

static bool is_route_socket(int fd)
{
	return socket_option_is(fd, SO_DOMAIN, AF_NETLINK) &&
	       socket_option_is(fd, SO_PROTOCOL, NETLINK_ROUTE);
}

bool start_is_absent(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static bool is_listener_or_absent(int fd)
{
	return start_is_absent(fd) || is_listener(fd);
}

static bool is_datagram_or_absent(int fd)
{
	return start_is_absent(fd) || socket_option_is(fd, SO_TYPE, SOCK_DGRAM);
}

static bool is_raw_or_absent(int fd)
{
	return start_is_absent(fd) || socket_option_is(fd, SO_TYPE, SOCK_RAW);
}

static bool is_packet_or_absent(int fd)
{
	return start_is_absent(fd) || socket_option_is(fd, SO_DOMAIN, AF_PACKET);
}

static bool is_unix_or_absent(int fd)
{
	return start_is_absent(fd) || socket_option_is(fd, SO_DOMAIN, AF_UNIX);
}

/* What bpf(2) makes is an anonymous inode: no kind of file at all. */
static bool is_bpf_or_absent(int fd)
{
	struct stat st;

	return start_is_absent(fd) || (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0);
}

static const struct {
	bool (*is)(int fd);
	const char *what;
} contract[] = {
	[EGRESS_FD_POLICY] = { is_policy, "a sealed memfd with the policy" },
	[EGRESS_FD_PROXY] = { is_listener, "a listening socket" },
	[EGRESS_FD_READY] = { is_pipe, "a pipe" },
	[EGRESS_FD_LOG] = { is_log, "the decision log" },
	[EGRESS_FD_LOG_OLD] = { is_log, "the older decision log" },
	[EGRESS_FD_RESOLV] = { is_readable_file, "resolv.conf" },
	[EGRESS_FD_INIT] = { is_pidfd, "a pidfd" },
	[EGRESS_FD_NL_E] = { is_route_socket, "a netlink route socket" },
	[EGRESS_FD_NL_HOST] = { is_route_socket, "a netlink route socket" },
	[EGRESS_FD_PROXY6] = { is_listener_or_absent, "a listening socket" },
	[EGRESS_FD_DNS4] = { is_datagram_or_absent, "a datagram socket" },
	[EGRESS_FD_DNS6] = { is_datagram_or_absent, "a datagram socket" },
	[EGRESS_FD_RAW4] = { is_raw_or_absent, "a raw socket" },
	[EGRESS_FD_RAW6] = { is_raw_or_absent, "a raw socket" },
	[EGRESS_FD_STEER_PAGE] = { is_bpf_or_absent, "a BPF map" },
	[EGRESS_FD_STEER_RING] = { is_bpf_or_absent, "a BPF ring buffer" },
	[EGRESS_FD_STEER_LINK] = { is_bpf_or_absent, "a BPF link" },
	[EGRESS_FD_SNIFF] = { is_packet_or_absent, "a packet socket" },
	[EGRESS_FD_WATCH] = { is_unix_or_absent, "a unix socket" },
};
TABLE_CHECK(contract, EGRESS_FD__END);

/* What is open behind the last number that has a meaning listens, or is a mistake. */
static int check_listeners(size_t *ret, struct err *e)
{
	size_t n = 0;

	for (; n < EGRESS_LISTEN_MAX && fcntl(EGRESS_FD__END + (int)n, F_GETFD) >= 0; n++)
		if (!is_listener(EGRESS_FD__END + (int)n))
			return err_set(e, ERR_USAGE, "start: descriptor %d is not a listening socket",
				       EGRESS_FD__END + (int)n);
	*ret = n;
	return 0;
}

int start_check_fds(size_t *ret_listen, struct err *e)
{
	size_t n = 0;

	for (int fd = EGRESS_FD_POLICY; fd < EGRESS_FD__END; fd++)
		if (!contract[fd].is(fd))
			return err_set(e, ERR_USAGE, "start: descriptor %d is not %s", fd,
				       contract[fd].what);
	if (check_listeners(&n, e))
		return -1;
	if (sys_close_range(EGRESS_FD__END + (unsigned)n, ~0u, 0) < 0)
		return err_sys(e, "close all other descriptors");
	*ret_listen = n;
	return 0;
}

int start_read_policy(struct policy *ret, struct err *e)
{
	auto_free char *text = xcalloc(EGRESS_POLICY_MAX + 1, 1);
	ssize_t n = pread(EGRESS_FD_POLICY, text, EGRESS_POLICY_MAX + 1, 0);

	if (n < 0)
		return err_sys(e, "read the policy");
	return policy_read(text, (size_t)n, ret, e);
}

int start_max_conns(size_t *ret, struct err *e)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return err_sys(e, "read the limit of descriptors");
	if (rl.rlim_cur < FDS_RESERVED + 2 * CONNS_MIN)
		return err_set(e, ERR_USAGE, "start: RLIMIT_NOFILE is %llu, %u is wanted",
			       (unsigned long long)rl.rlim_cur, EGRESS_NOFILE);
	*ret = (size_t)((rl.rlim_cur - FDS_RESERVED) / 2);
	return 0;
}

void start_report(const struct err *e)
{
	char text[sizeof(e->msg) + 1];
	int fd = EGRESS_FD_READY;

	snprintf(text, sizeof(text), "%s%s", e ? "E" : "R", e ? e->msg : "");
	(void)fd_write_all(fd, text, strlen(text)); /* the runtime sees the end in any case */
	fd_close(&fd);
}
