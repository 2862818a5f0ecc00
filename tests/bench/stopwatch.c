/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopwatch.c - run commands again and again and say how long each took
 *
 * Usage: stopwatch RUNS GAP_MS COMMAND ARGUMENT... [';' COMMAND ARGUMENT...]...
 * Prints one line a run, with four numbers a command: wall microseconds, CPU microseconds of the
 * command, of all it waited for and of what it left to us that has ended since, largest resident set
 * in KiB, exit status. The command "wait" is not timed and prints nothing: it lasts until every
 * process that was left to us has ended, 20 s at most. Commands are started by vfork, so that our own
 * size does not count; their standard output goes to /dev/null.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 16
#define WAIT_SECONDS 20

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

static double reap(int options)
{
	struct rusage u;
	double sum = 0;

	while (wait4(-1, NULL, options, &u) > 0)
		sum += cpu_us(&u);
	return sum;
}

static void late(int sig)
{
	(void)sig;
	_exit(3);
}

static int run(char **argv, int null, double *left_us)
{
	struct rusage u;
	int status;
	double start = now_us();
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(null, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
		return -1;
	double wall = now_us() - start;
	*left_us += reap(WNOHANG);
	printf("%.0f %.0f %ld %d ", wall, cpu_us(&u) + *left_us, u.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	*left_us = 0;
	return 0;
}

int main(int argc, char **argv)
{
	char **commands[MAX_COMMANDS];
	int n = 0, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	double left_us = 0;

	for (int i = 3; i < argc && n < MAX_COMMANDS; i++) {
		commands[n++] = argv + i;
		while (i < argc && strcmp(argv[i], ";") != 0)
			i++;
		argv[i] = NULL;
	}
	if (n == 0 || null < 0) {
		fprintf(stderr, "usage: stopwatch RUNS GAP_MS COMMAND... [';' COMMAND...]...\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGALRM, late);
	for (int i = 0; i < atoi(argv[1]); i++) {
		usleep((useconds_t)atoi(argv[2]) * 1000);
		for (int c = 0; c < n; c++) {
			if (strcmp(commands[c][0], "wait") == 0) {
				alarm(WAIT_SECONDS);
				left_us += reap(0);
				alarm(0);
			} else if (run(commands[c], null, &left_us) < 0) {
				return 2;
			}
		}
		printf("\n");
	}
	return 0;
}
