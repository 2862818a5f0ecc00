/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.c - a second thread, made by hand
 *
 * Theory of operation: until `start`, /proc/<init pid>/ns/net must show E, which an engine fills,
 * while the program must run in A. A process shows its leader's namespace, and execve by another
 * thread gives that thread the leader's place and pid. So the leader stays in E, and a second
 * thread, in A, waits at the gate and executes.
 *
 * The second thread has a stack of its own and nothing else: no thread-local storage, no place in
 * the libc's lists (the libc would then make every set*id a matter of both threads, and there would
 * be two to initialise at 100 microseconds each). It uses the leader's thread-local storage
 * (errno, malloc's cache), which is sound for one reason: the two never run the libc at the same
 * time. They take turns, once:
 *
 *	leader				second
 *	clone			->	futex wait for its turn (bare system calls)
 *	its own last work
 *	turn = 1, wake		->	goes on, with the libc
 *	read(hold) for ever (bare)
 *
 * "Bare" is a system call instruction without the libc around it: the libc's wrapper would write
 * errno. The leader's read never returns: nobody writes to hold, no handler is installed, and when
 * the freezer or a stop signal interrupts it, the kernel starts it again. It is read(2) because that
 * is the one blocking call which a seccomp filter that lets anything run cannot refuse.
 *
 * Discarded: a process that shares memory instead of a thread (execve would not give it the pid);
 * a namespace switch after the gate (privileges would have to wait there).
 *
 * Mustn't: let the leader keep any privilege; install a signal handler.
 */
#include "exec/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES (256u * 1024u)

struct split {
	struct exec_ctx *c;
	child_fn *second;
	int turn;
};

/* -errno on failure; touches neither errno nor any other thread-local storage. */
static long bare_syscall4(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#else
	/* Elsewhere the wrapper: it writes errno only when the call fails, and these do not. */
	return syscall(nr, a, b, c, d);
#endif
}

static int second_main(void *arg)
{
	struct split *s = arg;

	while (__atomic_load_n(&s->turn, __ATOMIC_ACQUIRE) == 0)
		(void)bare_syscall4(SYS_futex, (long)&s->turn, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0);
	s->second(s->c);
	return 0; /* not reached */
}

static _Noreturn void hold(struct split *s, int fd)
{
	uint64_t never;

	__atomic_store_n(&s->turn, 1, __ATOMIC_RELEASE);
	(void)bare_syscall4(SYS_futex, (long)&s->turn, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0);
	while (bare_syscall4(SYS_read, fd, (long)&never, sizeof(never), 0) == -EINTR)
		;
	/* A filter that refuses read(2): the gate cannot be waited at either. */
	for (;;)
		(void)bare_syscall4(SYS_exit_group, 1, 0, 0, 0);
}

int thread_split(struct exec_ctx *c, int (*leader)(struct exec_ctx *, struct err *),
		 child_fn *second, struct err *e)
{
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	struct split *s = (struct split *)(void *)stack; /* at the far end of the stack */

	if (stack == MAP_FAILED)
		return err_sys(e, "memory for the second thread");
	*s = (struct split){ .c = c, .second = second };
	if (clone(second_main, stack + STACK_BYTES,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		  s) < 0)
		return err_sys(e, "make the thread that enters the agent's network namespace");
	if (leader(c, e))
		return -1;
	hold(s, c->hold);
}
