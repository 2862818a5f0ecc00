/* SPDX-License-Identifier: Apache-2.0 */
/* helper.c - a process for work that changes namespaces, so that the caller's stay as they are */
#include "exec/helper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STACK_BYTES (128u * 1024u)

struct helper {
	int (*fn)(void *arg, struct err *e);
	void *arg;
	struct err e;
	int rc;
};

static int helper_main(void *arg)
{
	struct helper *h = arg;

	h->rc = h->fn(h->arg, &h->e);
	return 0;
}

int helper_run(int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct helper h = { .fn = fn, .arg = arg, .e = ERR_INIT, .rc = -1 };
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return err_sys(e, "memory for a helper's stack");
	err_set(&h.e, ERR_SYS, "the helper process ended unexpectedly");
	pid_t pid = clone(helper_main, stack + STACK_BYTES,
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &h);
	if (pid < 0)
		err_sys(&h.e, "make a helper process");
	else
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	(void)munmap(stack, STACK_BYTES); /* our own mapping */
	if (h.rc && e)
		*e = h.e;
	return h.rc;
}
