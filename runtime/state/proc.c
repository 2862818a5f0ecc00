/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - is this still the process that we knew, and still the same boot? */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "state/state.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
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

static char this_boot[BOOT_ID_SIZE];

int state_know_boot(struct err *e)
{
	char text[BOOT_ID_SIZE] = "";

	if (this_boot[0])
		return 0;

	auto_close int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, BOOT_ID_SIZE - 1);

	if (n < 0)
		return err_sys(e, "read " BOOT_ID_PATH ", by which containers of this boot are known");
	if (n != BOOT_ID_SIZE - 1 && !mutant("state.boot"))
		return err_set(e, ERR_SYS, BOOT_ID_PATH " has no boot id in it");
	memcpy(this_boot, text, sizeof(this_boot));
	return 0;
}

void state_boot_id(char ret[BOOT_ID_SIZE])
{
	(void)state_know_boot(NULL);
	memcpy(ret, this_boot, sizeof(this_boot));
}
