/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunter.c - runs in a container and tries to get hold of the runtime's process while it joins
 *
 * Usage: hunter SECONDS. Whatever it gets from a process that is still called agentrt is a line
 * that begins with "WON"; the last line says how many such processes were seen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FDS 20

static bool is_runtime(int pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

	close(fd);
	return n > 0 && strncmp(name, "agentrt", 7) == 0;
}

/* The process may have executed the container's program meanwhile, which anybody may look at. */
static void won(int pid, const char *what)
{
	if (is_runtime(pid))
		printf("WON %s\n", what);
}

static void try_open(int pid, const char *what, int flags)
{
	char path[64], byte;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	int fd = open(path, flags);

	if (fd >= 0 && (strchr(what, '/') || read(fd, &byte, 1) == 1 || errno == EIO))
		won(pid, what);
	close(fd);
}

static void try_link(int pid, const char *what)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	if (readlink(path, text, sizeof(text)) > 0)
		won(pid, what);
}

static void try_descriptors(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int i = 0; i < FDS; i++) {
		char name[16];
		int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);

		if (fd >= 0)
			won(pid, "pidfd_getfd");
		close(fd);
		snprintf(name, sizeof(name), "fd/%d", i);
		try_link(pid, name);
	}
	close(pidfd);
}

static void hunt(int pid)
{
	try_link(pid, "root");
	try_link(pid, "cwd");
	try_link(pid, "exe");
	try_link(pid, "ns/mnt");
	try_open(pid, "root/etc", O_RDONLY);
	try_open(pid, "mem", O_RDWR);
	try_open(pid, "environ", O_RDONLY);
	try_open(pid, "maps", O_RDONLY);
	try_descriptors(pid);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		won(pid, "ptrace");
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

/* The last field of /proc/loadavg is the newest pid. */
static int newest_pid(void)
{
	char text[128] = "";
	int fd = open("/proc/loadavg", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *last = n > 0 ? strrchr(text, ' ') : NULL;

	close(fd);
	return last ? atoi(last) : 0;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
	int self = getpid();
	long seen = 0;

	while (time(NULL) < end) {
		int last = newest_pid();

		for (int pid = last > 4 ? last - 3 : 2; pid <= last + 1; pid++) {
			if (pid == self || !is_runtime(pid))
				continue;
			seen++;
			hunt(pid);
		}
	}
	printf("seen %ld\n", seen);
	return 0;
}
