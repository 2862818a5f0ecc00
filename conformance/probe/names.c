// SPDX-License-Identifier: Apache-2.0
/* names.c - names for numbers of the kernel, without a C library that knows them all. */
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ROW(x) { #x, x }

static const struct probe_name errnos[] = {
	ROW(EPERM), ROW(ENOENT), ROW(ESRCH), ROW(EINTR), ROW(EIO), ROW(ENXIO), ROW(E2BIG), ROW(ENOEXEC),
	ROW(EBADF), ROW(ECHILD), ROW(EAGAIN), ROW(ENOMEM), ROW(EACCES), ROW(EFAULT), ROW(ENOTBLK), ROW(EBUSY),
	ROW(EEXIST), ROW(EXDEV), ROW(ENODEV), ROW(ENOTDIR), ROW(EISDIR), ROW(EINVAL), ROW(ENFILE), ROW(EMFILE),
	ROW(ENOTTY), ROW(ETXTBSY), ROW(EFBIG), ROW(ENOSPC), ROW(ESPIPE), ROW(EROFS), ROW(EMLINK), ROW(EPIPE),
	ROW(EDOM), ROW(ERANGE), ROW(EDEADLK), ROW(ENAMETOOLONG), ROW(ENOSYS), ROW(ENOTEMPTY), ROW(ELOOP),
	ROW(EOVERFLOW), ROW(EOPNOTSUPP), ROW(EAFNOSUPPORT), ROW(EADDRINUSE), ROW(ENETUNREACH), ROW(ETIMEDOUT),
	ROW(ECONNREFUSED), ROW(ECANCELED), ROW(EDQUOT),
};

static const char *const caps[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE",
	"CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
	"CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

static const char *const rlimits[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU", [RLIMIT_FSIZE] = "RLIMIT_FSIZE", [RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_STACK] = "RLIMIT_STACK", [RLIMIT_CORE] = "RLIMIT_CORE", [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC", [RLIMIT_NOFILE] = "RLIMIT_NOFILE", [RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_AS] = "RLIMIT_AS", [RLIMIT_LOCKS] = "RLIMIT_LOCKS", [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE", [RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

/* Those that seccomp cases ask for: harmless with the arguments that they are given. */
static const struct probe_name syscalls[] = {
	{ "getcwd", SYS_getcwd }, { "getpid", SYS_getpid }, { "getppid", SYS_getppid }, { "getuid", SYS_getuid },
	{ "getgid", SYS_getgid }, { "uname", SYS_uname }, { "sched_yield", SYS_sched_yield },
	{ "personality", SYS_personality }, { "sethostname", SYS_sethostname }, { "unshare", SYS_unshare },
	{ "setns", SYS_setns }, { "mount", SYS_mount }, { "umount2", SYS_umount2 }, { "mkdirat", SYS_mkdirat },
	{ "socket", SYS_socket }, { "keyctl", SYS_keyctl }, { "add_key", SYS_add_key }, { "bpf", SYS_bpf },
	{ "ptrace", SYS_ptrace }, { "getpriority", SYS_getpriority }, { "setpriority", SYS_setpriority },
	{ "prctl", SYS_prctl }, { "kill", SYS_kill }, { "chroot", SYS_chroot }, { "sync", SYS_sync },
	{ "getsid", SYS_getsid }, { "getpgid", SYS_getpgid }, { "dup", SYS_dup }, { "close", SYS_close },
	{ "setuid", SYS_setuid }, { "setgid", SYS_setgid }, { "sched_setaffinity", SYS_sched_setaffinity },
	{ "lseek", SYS_lseek }, { "fcntl", SYS_fcntl }, { "sched_getscheduler", SYS_sched_getscheduler },
};

static const struct probe_name signals[] = {
	ROW(SIGHUP), ROW(SIGINT), ROW(SIGQUIT), ROW(SIGKILL), ROW(SIGUSR1), ROW(SIGUSR2), ROW(SIGTERM), ROW(SIGCHLD),
	ROW(SIGCONT), ROW(SIGSTOP), ROW(SIGWINCH), ROW(SIGSYS), ROW(SIGPIPE), ROW(SIGALRM),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct probe_name *find_name(const struct probe_name *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const char *name_errno(int err)
{
	for (size_t i = 0; i < COUNT(errnos); i++)
		if (errnos[i].value == err)
			return errnos[i].name;
	return err == 0 ? "ok" : "another error";
}

const char *name_cap(unsigned int cap)
{
	return cap < COUNT(caps) ? caps[cap] : NULL;
}

const char *name_rlimit(unsigned int resource)
{
	return resource < COUNT(rlimits) ? rlimits[resource] : NULL;
}

long name_syscall(const char *name)
{
	const struct probe_name *row = find_name(syscalls, COUNT(syscalls), name);

	return row ? row->value : -1;
}

int name_signal(const char *name)
{
	const struct probe_name *row = find_name(signals, COUNT(signals), name);

	return row ? (int)row->value : -1;
}
