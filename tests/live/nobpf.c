/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nobpf.c - runs a program where bpf(2) is refused, as on a kernel that has none or in a container
 *
 *	nobpf PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 2)
		return 2;
	/* Root needs no no_new_privs for it, and the program should not find it set. */
	if (!ctx || seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, geteuid() != 0) ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bpf), 0) || seccomp_load(ctx)) {
		fprintf(stderr, "nobpf: cannot load the filter\n");
		return 2;
	}
	execv(argv[1], argv + 1);
	fprintf(stderr, "nobpf: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
