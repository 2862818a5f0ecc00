/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.c - for sockets.sh: socket(2) with any numbers
 *
 * socket FAMILY TYPE PROTOCOL	"ok", or the errno's number
 * socket flood SECONDS		as many refused ones as can be made; says how many, and if any was not
 * socket mortal N		N processes that ask for a refused one again and again, and are killed meanwhile
 * socket listener		a filter with a listener, as a program inside might want one
 * socket outer PROGRAM ...	runs it where such a filter stands already
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAMILY_REFUSED 17 /* AF_PACKET */

static int say(long rc)
{
	if (rc < 0)
		printf("%d\n", errno);
	else
		puts("ok");
	return rc < 0;
}

static int flood(int seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned long n = 0, others = 0;

	for (; time(NULL) < end; n++)
		if (socket(FAMILY_REFUSED, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT)
			others++;
	printf("%lu tried, %lu otherwise\n", n, others);
	return others > 0;
}

static int mortal(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		for (; pid == 0;)
			(void)socket(FAMILY_REFUSED, SOCK_RAW, 0);
		usleep((useconds_t)(1000 + i % 7 * 300));
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	puts("killed");
	return 0;
}

static int listener(bool nnp)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog prog = { 1, all };

	if (nnp)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

/* The listener stays open here, or it would not count. */
static int outer(char **argv)
{
	int status = 0;
	pid_t pid;

	if (listener(false) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "outer") == 0)
		return outer(argv + 2);
	if (argc == 4)
		return say(syscall(SYS_socket, strtoul(argv[1], NULL, 0), strtoul(argv[2], NULL, 0),
				   strtoul(argv[3], NULL, 0)));
	if (argc == 3 && strcmp(argv[1], "flood") == 0)
		return flood(atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "mortal") == 0)
		return mortal(atoi(argv[2]));
	if (argc == 2 && strcmp(argv[1], "listener") == 0)
		return say(listener(true));
	return 2;
}
