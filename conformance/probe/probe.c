// SPDX-License-Identifier: Apache-2.0
/*
 * probe.c - the program that a conformance case runs, as the container's process or as a hook.
 *
 *   probe report [QUESTION...]      one line of JSON on standard output: what this process sees
 *   probe hold [QUESTION...]        the same, then a line for each signal, until SIGTERM
 *   probe hook FILE STATUS [TEXT]   appends a line about itself and what stdin says to FILE
 *   probe sleep SECONDS             ends after that time, whatever happens
 *   probe fork N SECONDS            N children that sleep; says how many there are
 *   probe exit STATUS | die SIGNAL  ends so
 *   probe can WHAT [PATH]           for the runner, outside: whether this kernel can do it (can.c)
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int can(int argc, char **argv);

static int report(int argc, char **argv, char **env)
{
	json_open(NULL, '{');
	report_all(argc, argv, env);
	json_open("asked", '{');
	for (int i = 2; i < argc; i++)
		ask(argv[i]);
	json_close('}');
	json_close('}');
	json_flush(STDOUT_FILENO);
	return 0;
}

static int hold(int argc, char **argv, char **env)
{
	sigset_t all;
	int sig;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL); /* before the report: a signal after it must not be lost */
	report(argc, argv, env);
	while (sigwait(&all, &sig) == 0) {
		if (sig == SIGTERM)
			return 0;
		if (sig == SIGCHLD)
			continue;
		json_open(NULL, '{');
		json_num("signal", sig);
		json_close('}');
		json_flush(STDOUT_FILENO);
	}
	return 1;
}

static int hook(int argc, char **argv, char **env)
{
	static char in[PROBE_TEXT_MAX];
	char cwd[PATH_MAX];
	size_t len = 0;
	struct stat root;
	ssize_t n;
	int fd;

	if (argc < 4)
		return 2;
	while ((n = read(STDIN_FILENO, in + len, sizeof(in) - len)) > 0)
		len += (size_t)n;
	json_open(NULL, '{');
	json_open("argv", '[');
	for (int i = 0; i < argc; i++)
		json_str(NULL, argv[i]);
	json_close(']');
	json_open("env", '[');
	for (; *env; env++)
		json_str(NULL, *env);
	json_close(']');
	json_text("stdin", in, len);
	json_str("cwd", getcwd(cwd, sizeof(cwd)) ? cwd : "");
	json_num("pid", getpid());
	if (stat("/", &root) == 0) {
		json_num("root_dev", (long long)root.st_dev);
		json_num("root_inode", (long long)root.st_ino);
	}
	report_namespaces();
	json_close('}');
	fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return 3;
	json_flush(fd);
	return atoi(argv[3]);
}

static int children(int argc, char **argv)
{
	int made = 0, wanted = argc > 2 ? atoi(argv[2]) : 1;
	unsigned int seconds = argc > 3 ? (unsigned int)atoi(argv[3]) : 1;
	const char *why = "ok";

	for (int i = 0; i < wanted; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			sleep(seconds);
			_exit(0);
		}
		if (pid < 0) {
			why = name_errno(errno);
			break;
		}
		made++;
	}
	json_open(NULL, '{');
	json_num("made", made);
	json_str("then", why);
	json_close('}');
	json_flush(STDOUT_FILENO);
	sleep(seconds);
	return 0;
}

int main(int argc, char **argv, char **env)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "report") == 0)
		return report(argc, argv, env);
	if (strcmp(what, "hold") == 0)
		return hold(argc, argv, env);
	if (strcmp(what, "hook") == 0)
		return hook(argc, argv, env);
	if (strcmp(what, "fork") == 0)
		return children(argc, argv);
	if (strcmp(what, "can") == 0)
		return can(argc, argv);
	if (strcmp(what, "exit") == 0)
		return argc > 2 ? atoi(argv[2]) : 0;
	if (strcmp(what, "sleep") == 0) {
		sleep(argc > 2 ? (unsigned int)atoi(argv[2]) : 1);
		return 0;
	}
	if (strcmp(what, "die") == 0 && argc > 2) {
		raise(name_signal(argv[2]));
		return 1;
	}
	return report(argc, argv, env); /* started with arguments of a case's own choice */
}
