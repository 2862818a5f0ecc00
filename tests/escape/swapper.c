/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swapper.c - changes what a path is as fast as it can, until it is killed: the other party of a race
 *
 * Usage: swapper A B		exchanges the two
 *        swapper --make A TEXT	makes A a symbolic link to TEXT, and removes it
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	while (argc == 3)
		(void)renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
	while (argc == 4 && strcmp(argv[1], "--make") == 0) {
		(void)!symlink(argv[3], argv[2]);
		(void)unlink(argv[2]);
	}
	return 1;
}
