/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c - the least that a C program can do to run a container like Docker's; the bench's zero
 *
 * No JSON, no state, no hooks, no checks: fixed namespaces, mounts, devices, masks, capabilities, a
 * seccomp program that somebody else compiled, cgroups joined without waiting. What a runtime takes
 * beyond this is the price of being a runtime.
 *
 * Usage: floor ROOTFS FILTER NAME CGROUPDIR... -- PROGRAM ARGUMENT...
 * FILTER holds struct sock_filter[]; NAME is made below each CGROUPDIR and removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CGROUPS 32
#define DOCKER_CAPS 0xa80425fbull

static int tasks[MAX_CGROUPS], n_tasks, v2_dir = -1;
static char *cgroup_dirs[MAX_CGROUPS];
static int n_cgroups;

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(125);
}

static void write_at(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	need(fd >= 0 && write(fd, text, strlen(text)) > 0, file);
	close(fd);
}

static void copy_at(int from, int to, const char *file)
{
	char buf[256];
	int fd = openat(from, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	need(n > 0, file);
	close(fd);
	buf[n] = '\0';
	write_at(to, file, buf);
}

static void cgroup_make(const char *name)
{
	static const char *const allow[] = { "c *:* m",	  "b *:* m",	"c 1:3 rwm", "c 1:5 rwm",
					     "c 1:7 rwm", "c 1:8 rwm",	"c 1:9 rwm", "c 5:0 rwm",
					     "c 5:2 rwm", "c 136:* rwm" };

	for (int i = 0; i < n_cgroups; i++) {
		int top = open(cgroup_dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct statfs fs;

		need(top >= 0 && mkdirat(top, name, 0755) == 0, cgroup_dirs[i]);
		int fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		need(fd >= 0 && fstatfs(fd, &fs) == 0, name);
		if (fs.f_type == CGROUP2_SUPER_MAGIC) {
			v2_dir = fd;
		} else {
			tasks[n_tasks] = openat(fd, "tasks", O_WRONLY | O_CLOEXEC);
			need(tasks[n_tasks++] >= 0, "tasks");
		}
		if (faccessat(fd, "cpuset.cpus", F_OK, 0) == 0 &&
		    fs.f_type != CGROUP2_SUPER_MAGIC) {
			copy_at(top, fd, "cpuset.cpus");
			copy_at(top, fd, "cpuset.mems");
		}
		if (faccessat(fd, "devices.deny", F_OK, 0) == 0) {
			write_at(fd, "devices.deny", "a");
			for (size_t k = 0; k < sizeof(allow) / sizeof(allow[0]); k++)
				write_at(fd, "devices.allow", allow[k]);
		}
		close(top);
		if (fd != v2_dir)
			close(fd);
	}
}

static void cgroup_remove(const char *name)
{
	char path[4096];

	for (int i = 0; i < n_cgroups; i++) {
		snprintf(path, sizeof(path), "%s/%s", cgroup_dirs[i], name);
		for (int k = 0; rmdir(path) < 0 && errno == EBUSY && k < 100; k++)
			usleep(1000);
	}
}

static void lo_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0, "lo");
	close(fd);
}

static const struct {
	const char *type, *at, *data;
	unsigned long flags;
} mounts[] = {
	{ "proc", "proc", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
	{ "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
	{ "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV },
	{ "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
	{ "sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY },
	{ "cgroup2", "sys/fs/cgroup", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY },
};
static const struct {
	const char *at;
	unsigned minor, major;
} nodes[] = {
	{ "dev/null", 3, 1 },	{ "dev/zero", 5, 1 },	 { "dev/full", 7, 1 },
	{ "dev/random", 8, 1 }, { "dev/urandom", 9, 1 }, { "dev/tty", 0, 5 },
};
static const char *const links[][2] = {
	{ "/proc/self/fd", "dev/fd" },	     { "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};
static const char *const masked[] = { "proc/asound",	  "proc/acpi",		"proc/kcore",
				      "proc/keys",	  "proc/latency_stats", "proc/timer_list",
				      "proc/timer_stats", "proc/sched_debug",	"proc/scsi",
				      "sys/firmware" };
static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					"proc/sysrq-trigger" };

static void file_system(const char *rootfs)
{
	struct stat st;

	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	need(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) == 0 && chdir(rootfs) == 0,
	     rootfs);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		(void)mkdir(mounts[i].at, 0755);
		need(mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags,
			   mounts[i].data) == 0,
		     mounts[i].at);
	}
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		need(mknod(nodes[i].at, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) ==
			     0,
		     nodes[i].at);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		need(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		if (stat(masked[i], &st) == 0)
			need(S_ISDIR(st.st_mode)
				     ? mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k") == 0
				     : mount("dev/null", masked[i], NULL, MS_BIND, NULL) == 0,
			     masked[i]);
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			need(mount(NULL, readonly[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY,
				   NULL) == 0,
			     readonly[i]);
	need(syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
		     chdir("/") == 0,
	     "pivot_root");
}

static void privileges(const struct sock_fprog *filter)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { (uint32_t)DOCKER_CAPS, (uint32_t)DOCKER_CAPS,
						 0 } };

	for (unsigned long c = 0; c < 64; c++)
		if (!(DOCKER_CAPS >> c & 1) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			break;
	need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) == 0, "seccomp");
	need(syscall(SYS_capset, &h, d) == 0, "capset");
}

static struct sock_fprog read_filter(const char *path)
{
	struct sock_fprog p = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	need(fd >= 0 && fstat(fd, &st) == 0, path);
	p.len = (unsigned short)((size_t)st.st_size / sizeof(*p.filter));
	p.filter = malloc((size_t)st.st_size);
	need(p.filter && read(fd, p.filter, (size_t)st.st_size) == st.st_size, path);
	close(fd);
	return p;
}

static void child(const char *rootfs, const struct sock_fprog *filter, char **program)
{
	for (int i = 0; i < n_tasks; i++)
		need(write(tasks[i], "0", 1) == 1, "tasks");
	need(unshare(CLONE_NEWCGROUP) == 0, "cgroup namespace");
	lo_up();
	(void)sethostname("floor", 5);
	file_system(rootfs);
	privileges(filter);
	execv(program[0], program);
	need(0, program[0]);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS |
					    CLONE_NEWIPC | CLONE_NEWNET,
				   .exit_signal = SIGCHLD };
	int status, i = 4;

	for (; i < argc && strcmp(argv[i], "--") != 0 && n_cgroups < MAX_CGROUPS; i++)
		cgroup_dirs[n_cgroups++] = argv[i];
	if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
		fprintf(stderr,
			"usage: floor ROOTFS FILTER NAME CGROUPDIR... -- PROGRAM ARGUMENT...\n");
		return 125;
	}
	struct sock_fprog filter = read_filter(argv[2]);
	cgroup_make(argv[3]);
	if (v2_dir >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)v2_dir;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	need(pid >= 0, "clone3");
	if (pid == 0)
		child(argv[1], &filter, argv + i + 1);
	need(waitpid(pid, &status, 0) == pid, "wait");
	cgroup_remove(argv[3]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
