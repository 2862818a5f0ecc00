/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopwatch.c - run a command again and again and say how long each run took
 *
 * Usage: stopwatch RUNS GAP_MS COMMAND ARGUMENT...
 * Prints one line a run: wall microseconds, CPU microseconds of the command and of all it waited
 * for, largest resident set in KiB, exit status. Starts each by vfork, so that its own size does
 * not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_us(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: stopwatch RUNS GAP_MS COMMAND ARGUMENT...\n");
		return 2;
	}
	int runs = atoi(argv[1]), gap_ms = atoi(argv[2]);

	for (int i = 0; i < runs; i++) {
		struct rusage u;
		int status;

		usleep((useconds_t)gap_ms * 1000);
		double start = now_us();
		pid_t pid = vfork();
		if (pid == 0) {
			execvp(argv[3], argv + 3);
			_exit(127);
		}
		if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
			return 2;
		printf("%.0f %.0f %ld %d\n", now_us() - start, cpu_us(&u), u.ru_maxrss,
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	return 0;
}
