// SPDX-License-Identifier: Apache-2.0
/* report.c - what a process sees of itself: identity, limits, namespaces, scheduling, descriptors, network. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/fsuid.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	err = errno;
	close(fd);
	if (n < 0)
		return -err;
	buf[len] = '\0';
	return (int)len;
}

static void report_strings(const char *key, char **list)
{
	json_open(key, '[');
	for (; *list; list++)
		json_str(NULL, *list);
	json_close(']');
}

static void report_ids(void)
{
	uid_t u[3] = { 0 };
	gid_t g[3] = { 0 }, *groups;
	static const char *const which[] = { "real", "effective", "saved" };
	mode_t mask = umask(0);
	char text[16];
	int n;

	umask(mask);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	json_open("uid", '{');
	for (int i = 0; i < 3; i++)
		json_num(which[i], u[i]);
	json_num("filesystem", setfsuid((uid_t)-1));
	json_close('}');
	json_open("gid", '{');
	for (int i = 0; i < 3; i++)
		json_num(which[i], g[i]);
	json_num("filesystem", setfsgid((gid_t)-1));
	json_close('}');
	n = getgroups(0, NULL);
	groups = calloc((size_t)n + 1, sizeof(*groups));
	n = groups ? getgroups(n, groups) : 0;
	json_open("groups", '[');
	for (int i = 0; i < n; i++)
		json_num(NULL, groups[i]);
	json_close(']');
	free(groups);
	snprintf(text, sizeof(text), "%04o", (unsigned int)mask);
	json_str("umask", text);
}

/* A line "Name:\tvalue" of /proc/self/status; NULL if it is not there. */
static const char *status_line(const char *status, const char *name, char *buf, size_t size)
{
	size_t len = strlen(name);

	for (const char *p = status; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, name, len) || p[len] != ':')
			continue;
		p += len + 1;
		p += strspn(p, " \t");
		snprintf(buf, size, "%.*s", (int)strcspn(p, "\n"), p);
		return buf;
	}
	return NULL;
}

static void report_bits(const char *key, const char *hex, const char *(*name)(unsigned int))
{
	unsigned long long bits = hex ? strtoull(hex, NULL, 16) : 0;

	json_open(key, '[');
	for (unsigned int i = 0; i < 64; i++) {
		const char *n = name ? name(i) : NULL;

		if (!(bits >> i & 1))
			continue;
		if (n)
			json_str(NULL, n);
		else
			json_num(NULL, name ? i : i + 1);
	}
	json_close(']');
}

static void report_status(void)
{
	static const struct {
		const char *key, *line;
	} capsets[] = { { "effective", "CapEff" }, { "permitted", "CapPrm" }, { "inheritable", "CapInh" },
			{ "bounding", "CapBnd" }, { "ambient", "CapAmb" } };
	static char status[PROBE_TEXT_MAX];
	char buf[1024];
	const char *v;

	if (read_file("/proc/self/status", status, sizeof(status)) < 0) {
		json_null("caps");
		return;
	}
	json_open("caps", '{');
	for (size_t i = 0; i < sizeof(capsets) / sizeof(capsets[0]); i++)
		report_bits(capsets[i].key, status_line(status, capsets[i].line, buf, sizeof(buf)), name_cap);
	json_close('}');
	v = status_line(status, "Seccomp", buf, sizeof(buf));
	json_num("seccomp", v ? atoi(v) : -1);
	report_bits("signals_blocked", status_line(status, "SigBlk", buf, sizeof(buf)), NULL);
	report_bits("signals_ignored", status_line(status, "SigIgn", buf, sizeof(buf)), NULL);
	v = status_line(status, "Mems_allowed_list", buf, sizeof(buf));
	json_str("mems_allowed", v ? v : "");
	v = status_line(status, "Cpus_allowed_list", buf, sizeof(buf));
	json_str("cpus_allowed", v ? v : "");
}

static void report_rlimits(void)
{
	json_open("rlimits", '{');
	for (unsigned int i = 0; name_rlimit(i); i++) {
		struct rlimit r;

		if (getrlimit((int)i, &r))
			continue;
		json_open(name_rlimit(i), '{');
		json_unum("soft", r.rlim_cur);
		json_unum("hard", r.rlim_max);
		json_close('}');
	}
	json_close('}');
}

void report_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	char path[64], link[64];

	json_open("ns", '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		n = readlink(path, link, sizeof(link) - 1);
		if (n > 0)
			json_text(names[i], link, (size_t)n);
	}
	json_close('}');
}

struct sched_attributes { /* struct sched_attr of linux/sched/types.h, first version */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void report_scheduling(void)
{
	static const char *const policies[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH",
						"SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE" };
	static const char *const classes[] = { "none", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	struct sched_attributes a = { .size = sizeof(a) };
	unsigned long mask[64] = { 0 }; /* 4096 processors */
	long prio = syscall(SYS_ioprio_get, 1, 0);

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) == 0) {
		json_open("scheduler", '{');
		json_str("policy", a.policy < 7 ? policies[a.policy] : "another");
		json_num("nice", a.nice);
		json_num("priority", a.priority);
		json_unum("flags", a.flags);
		json_unum("runtime", a.runtime);
		json_unum("deadline", a.deadline);
		json_unum("period", a.period);
		json_close('}');
	}
	if (prio >= 0) {
		json_open("ioprio", '{');
		json_str("class", prio >> 13 < 4 ? classes[prio >> 13] : "another");
		json_num("level", prio & 7);
		json_close('}');
	}
	json_open("affinity", '[');
	if (syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0)
		for (size_t i = 0; i < sizeof(mask) * 8; i++)
			if (mask[i / (8 * sizeof(long))] >> i % (8 * sizeof(long)) & 1)
				json_num(NULL, (long)i);
	json_close(']');
}

static void report_mempolicy(void)
{
	static const char *const modes[] = { "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE",
					     "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE" };
	unsigned long mask[64] = { 0 };
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, mask, sizeof(mask) * 8, NULL, 0))
		return;
	json_open("mempolicy", '{');
	json_str("mode", (mode & 0xfff) < 7 ? modes[mode & 0xfff] : "another");
	json_num("flags", mode & ~0xfff);
	json_unum("nodes", mask[0]);
	json_close('}');
}

static void report_files(void)
{
	static const struct {
		const char *key, *path;
	} files[] = { { "oom_score_adj", "/proc/self/oom_score_adj" }, { "uid_map", "/proc/self/uid_map" },
		      { "gid_map", "/proc/self/gid_map" }, { "setgroups", "/proc/self/setgroups" },
		      { "timens_offsets", "/proc/self/timens_offsets" }, { "cgroup", "/proc/self/cgroup" },
		      { "lsm", "/proc/self/attr/current" }, { "domainname", "/proc/sys/kernel/domainname" } };
	static char buf[PROBE_TEXT_MAX];
	struct utsname u;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int n = read_file(files[i].path, buf, sizeof(buf));

		while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\0'))
			n--;
		if (n >= 0)
			json_text(files[i].key, buf, (size_t)n);
		else
			json_null(files[i].key);
	}
	if (uname(&u) == 0) {
		json_str("hostname", u.nodename);
		json_str("machine", u.machine);
	}
	json_num("personality", personality(0xffffffff));
	json_num("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	json_num("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
}

static void report_descriptors(void)
{
	char path[64], link[PATH_MAX];
	struct winsize w;
	struct stat st;

	json_open("fds", '{');
	for (int fd = 0; fd < 1024; fd++) { /* no directory is opened: it would be a descriptor, too */
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link));
		snprintf(path, sizeof(path), "%d", fd);
		json_text(path, link, n > 0 ? (size_t)n : 0);
	}
	json_close('}');
	json_open("tty", '{');
	json_bool("stdin", isatty(0));
	json_bool("stdout", isatty(1));
	json_bool("controlling", tcgetsid(0) == getsid(0) && isatty(0));
	if (isatty(0) && ioctl(0, TIOCGWINSZ, &w) == 0) {
		json_num("rows", w.ws_row);
		json_num("columns", w.ws_col);
	}
	if (isatty(0) && fstat(0, &st) == 0)
		json_num("owner", st.st_uid);
	json_close('}');
}

static void report_address(struct ifaddrs *a)
{
	char text[INET6_ADDRSTRLEN + 1];

	if (!a->ifa_addr)
		return;
	if (a->ifa_addr->sa_family == AF_INET) {
		struct in_addr in = ((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr;

		json_str(NULL, inet_ntop(AF_INET, &in, text, sizeof(text)));
	} else if (a->ifa_addr->sa_family == AF_INET6) {
		struct in6_addr in6 = ((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr;

		json_str(NULL, inet_ntop(AF_INET6, &in6, text, sizeof(text)));
	}
}

static void report_network(void)
{
	struct if_nameindex *list = if_nameindex();
	struct ifaddrs *addrs = NULL;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (getifaddrs(&addrs))
		addrs = NULL;
	json_open("net", '{');
	for (struct if_nameindex *i = list; i && i->if_name; i++) {
		struct ifreq r = { 0 };

		snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", i->if_name);
		json_open(i->if_name, '{');
		if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0)
			json_bool("up", r.ifr_flags & IFF_UP);
		json_open("addresses", '[');
		for (struct ifaddrs *a = addrs; a; a = a->ifa_next)
			if (strcmp(a->ifa_name, i->if_name) == 0)
				report_address(a);
		json_close(']');
		json_close('}');
	}
	json_close('}');
	if (fd >= 0)
		close(fd);
}

static void report_clocks(void)
{
	struct timespec t;

	json_open("clocks", '{');
	if (clock_gettime(CLOCK_MONOTONIC, &t) == 0)
		json_num("monotonic", t.tv_sec);
	if (clock_gettime(CLOCK_BOOTTIME, &t) == 0)
		json_num("boottime", t.tv_sec);
	json_close('}');
}

void report_all(int argc, char **argv, char **env)
{
	char cwd[PATH_MAX];

	(void)argc;
	report_descriptors(); /* first: nothing else is open yet */
	report_strings("argv", argv);
	report_strings("env", env);
	/* The system call: a library's function may take a directory outside the root for an error. */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0)
		json_str("cwd", cwd);
	else
		json_null("cwd");
	json_num("pid", getpid());
	json_num("ppid", getppid());
	json_num("sid", getsid(0));
	report_ids();
	report_status();
	report_rlimits();
	report_namespaces();
	report_scheduling();
	report_mempolicy();
	report_files();
	report_clocks();
	report_network();
	report_mounts();
}
