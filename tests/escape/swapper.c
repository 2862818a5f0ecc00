/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swapper.c - exchanges two paths as fast as it can, until it is killed: the other party of a race
 *
 * Usage: swapper A B.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	while (argc == 3)
		(void)renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
	return 1;
}
