/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - is this still the process that we knew, and still the same boot? */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "state/state.h"

#define STAT_STARTTIME 22 /* proc(5): field number in /proc/<pid>/stat, state is 3 */

/* The command's name may hold spaces and parentheses: fields are counted from the last ')'. */
static bool read_stat(int64_t pid, char *ret_state, uint64_t *ret_start)
{
	char path[64], buf[1024];

	if (pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);

	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';

	char *p = strrchr(buf, ')');
	if (!p || p[1] != ' ' || !p[2])
		return false;
	*ret_state = p[2];
	p += 2;
	for (int field = 3; field < STAT_STARTTIME; field++) {
		p = strchr(p, ' ');
		if (!p)
			return false;
		p++;
	}
	p[strcspn(p, " ")] = '\0';
	return str_to_u64(p, ret_start);
}

uint64_t proc_start_time(int64_t pid)
{
	uint64_t start;
	char st;

	return read_stat(pid, &st, &start) ? start : 0;
}

bool proc_is_same(int64_t pid, uint64_t start)
{
	uint64_t now;
	char st;

	return read_stat(pid, &st, &now) && now == start && st != 'Z' && st != 'X';
}

void state_boot_id(char ret[37])
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, 36);

	ret[n == 36 ? 36 : 0] = '\0';
}
