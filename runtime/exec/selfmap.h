/* SPDX-License-Identifier: Apache-2.0 */
/* selfmap.h - a running program changes the file it runs from */
#ifndef EXEC_SELFMAP_H
#define EXEC_SELFMAP_H

/**
 * selfmap_move() - map this program from another open file of the same content, and make that file
 * what /proc/<pid>/exe names
 * @exe:	opened for reading, through the mount that shall be seen
 *
 * Single-threaded processes only. Where it does not succeed the process runs on as it was: some
 * parts may be mapped from @exe already, which is the same bytes.
 * Return: 0, or -1 (this kernel cannot, or does not let us): then the old file is still there
 */
int selfmap_move(int exe);

#endif
