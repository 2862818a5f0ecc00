/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject.c - runs a program and kills it after, or lets fail, one chosen system call
 *
 *	inject --list FILE PROGRAM...		every call of it and its children: "<who> <n> <name>"
 *	inject --kill WHO N PROGRAM...		SIGKILL to WHO when its call N has been made
 *	inject --fail WHO N PROGRAM...		that call is not made and returns EIO
 *
 * WHO says which process or thread by descent, not by pid: "0" is the program, "0.1" the second that
 * it made, "0.1.0" the first of that one's. Numbers of calls count from 1 for each of them, after
 * the program was executed; so they mean the same in every run, whoever is faster. Children that
 * execute another program are followed no further. Ends with the program, and with its status; what
 * it has left behind runs on.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#define MAX_TRACEES 512
#define OPTIONS                                                                               \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC)

enum mode { LIST, KILL, FAIL };

struct tracee {
	pid_t pid;
	char who[64]; /* "" until its maker's event has named it; it is stopped as long */
	unsigned n_children;
	unsigned long n;
	bool counts, is_hit;
};

static struct {
	enum mode mode;
	const char *who;
	unsigned long n;
	FILE *list;
	pid_t main;
	struct tracee t[MAX_TRACEES];
	size_t n_t;
} g;

static struct tracee *tracee(pid_t pid)
{
	for (size_t i = 0; i < g.n_t; i++)
		if (g.t[i].pid == pid)
			return &g.t[i];
	if (g.n_t == MAX_TRACEES) {
		fprintf(stderr, "inject: more than %d processes\n", MAX_TRACEES);
		exit(99);
	}
	g.t[g.n_t] = (struct tracee){ .pid = pid };
	return &g.t[g.n_t++];
}

static void forget(struct tracee *t)
{
	*t = g.t[--g.n_t];
}

static void go_on(const struct tracee *t, int sig)
{
	(void)ptrace(PTRACE_SYSCALL, t->pid, NULL, (long)sig); /* ESRCH: it was killed */
}

static void note(const struct tracee *t, long nr)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)nr);

	fprintf(g.list, "%s %lu %s\n", t->who, t->n, name ? name : "unknown");
	free(name);
}

static void set_reg(const struct tracee *t, size_t offset, long value)
{
	(void)ptrace(PTRACE_POKEUSER, t->pid, (void *)offset, value);
}

static void at_entry(struct tracee *t, long nr)
{
	t->n++;
	if (g.mode == LIST)
		note(t, nr);
	t->is_hit = g.mode != LIST && t->n == g.n && strcmp(t->who, g.who) == 0;
	/* It gives an address, which an error would be taken for. It may come one call earlier or later
	 * than in the list: where the heap begins is up to chance. */
	if (g.mode == FAIL && nr == SCMP_SYS(brk))
		t->is_hit = false;
	if (t->is_hit && g.mode == FAIL)
		set_reg(t, offsetof(struct user_regs_struct, orig_rax), -1);
	if (t->is_hit && g.mode == KILL && (nr == SCMP_SYS(exit) || nr == SCMP_SYS(exit_group)))
		kill(t->pid, SIGKILL); /* there is no "after" */
}

static void at_exit(struct tracee *t)
{
	if (t->is_hit && g.mode == FAIL)
		set_reg(t, offsetof(struct user_regs_struct, rax), -EIO);
	if (t->is_hit && g.mode == KILL)
		kill(t->pid, SIGKILL);
	t->is_hit = false;
}

static void at_syscall(struct tracee *t)
{
	struct __ptrace_syscall_info info;

	if (t->counts &&
	    ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) > 0) {
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			at_entry(t, (long)info.entry.nr);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			at_exit(t);
	}
	go_on(t, 0);
}

static void at_birth(struct tracee *maker)
{
	unsigned long pid;

	if (ptrace(PTRACE_GETEVENTMSG, maker->pid, NULL, &pid) == 0) {
		pid_t maker_pid = maker->pid;
		char who[sizeof(maker->who)];

		snprintf(who, sizeof(who), "%.50s.%u", maker->who, maker->n_children++);
		size_t known = g.n_t;
		struct tracee *t = tracee((pid_t)pid);
		bool is_stopped = g.n_t == known;

		memcpy(t->who, who, sizeof(who));
		t->counts = true;
		if (is_stopped)
			go_on(t, 0);
		maker = tracee(maker_pid);
	}
	go_on(maker, 0);
}

static void at_exec(struct tracee *t)
{
	if (t->pid != g.main) {
		(void)ptrace(PTRACE_DETACH, t->pid, NULL, 0L);
		forget(t);
		return;
	}
	t->counts = true;
	go_on(t, 0);
}

static void at_stop(pid_t pid, int status)
{
	size_t known = g.n_t;
	struct tracee *t = tracee(pid);
	int sig = WSTOPSIG(status), event = status >> 16;

	if (g.n_t > known || !t->who[0])
		return; /* waits for its name */
	if (sig == (SIGTRAP | 0x80))
		at_syscall(t);
	else if (event == PTRACE_EVENT_EXEC)
		at_exec(t);
	else if (event == PTRACE_EVENT_STOP)
		go_on(t, 0); /* it has been born, and named already */
	else if (event)
		at_birth(t);
	else
		go_on(t, sig);
}

static int follow(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			at_stop(pid, status);
			continue;
		}
		if (pid == g.main)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		forget(tracee(pid));
	}
	return 98;
}

static int usage(void)
{
	fputs("usage: inject --list FILE | --kill WHO N | --fail WHO N  PROGRAM...\n", stderr);
	return 99;
}

static void run(char **argv, int go)
{
	char c;

	if (read(go, &c, 1) == 1)
		execvp(argv[0], argv);
	_exit(97);
}

/* Seized, not traced from within: children stop without a signal that would stop them for good
 * should this program end before it has seen them. */
static int begin(char **argv)
{
	int go[2], status;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	g.main = fork();
	if (g.main == 0)
		run(argv, go[0]);
	if (g.main < 0 || ptrace(PTRACE_SEIZE, g.main, NULL, (long)OPTIONS) < 0 ||
	    ptrace(PTRACE_INTERRUPT, g.main, NULL, NULL) < 0 || waitpid(g.main, &status, 0) < 0 ||
	    write(go[1], "", 1) != 1)
		return -1;
	close(go[0]);
	close(go[1]);

	struct tracee *t = tracee(g.main);
	t->who[0] = '0';
	go_on(t, 0);
	return 0;
}

int main(int argc, char **argv)
{
	int rest = 4;

	if (argc >= 4 && strcmp(argv[1], "--list") == 0) {
		rest = 3;
		g.list = fopen(argv[2], "we");
		if (!g.list)
			return usage();
	} else if (argc >= 5 && (strcmp(argv[1], "--kill") == 0 || strcmp(argv[1], "--fail") == 0)) {
		g.mode = argv[1][2] == 'k' ? KILL : FAIL;
		g.who = argv[2];
		g.n = strtoul(argv[3], NULL, 10);
	} else {
		return usage();
	}
	if (begin(argv + rest)) {
		perror("inject");
		return 99;
	}
	int status = follow();
	return g.list && fclose(g.list) ? 99 : status;
}

#else

int main(void)
{
	fputs("inject: not written for this processor\n", stderr);
	return 77;
}

#endif
