/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding.c - a program with mistakes, to see that a sanitizer build finds them where it is
 * hardest: in a process that can open, close, map and ask nothing (seccomp's strict mode: read,
 * write, _exit)
 *
 * usage: finding heap | stack | undefined | strict-heap | none
 */
#include <limits.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static __attribute__((noinline)) int beyond(char *p, int n)
{
	return p[n];
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	volatile int big = INT_MAX;
	char *heap = malloc(8), stack[8] = "";

	if (!heap)
		return 1;
	memset(heap, 0, 8);
	if (strncmp(how, "strict-", 7) == 0) {
		how += 7;
		for (int fd = 0; fd < 3; fd++)
			(void)close(fd);
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) < 0)
			return 1;
	}
	if (strcmp(how, "heap") == 0)
		return beyond(heap, 8);
	if (strcmp(how, "stack") == 0)
		return beyond(stack, 8);
	if (strcmp(how, "undefined") == 0)
		return big + 1 < 0;
	free(heap);
	return 0;
}
