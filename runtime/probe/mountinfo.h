/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo.h - /proc/self/mountinfo as a table (proc_pid_mountinfo(5)) */
#ifndef PROBE_MOUNTINFO_H
#define PROBE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct mountinfo {
	uint64_t id, parent;
	uint64_t fs_dev;    /* as makedev(3) has it */
	const char *root;   /* within the superblock, decoded */
	const char *point;  /* decoded */
	const char *fstype;
	const char *sb_options; /* as the kernel printed them: octal escapes still in place */
};

struct mountinfo_table {
	struct mountinfo *v;
	size_t n;
};

/**
 * mountinfo_parse() - the whole file
 * @text:	NUL-terminated, in memory that outlives the table; cut up in place
 * A line of another shape is ERR_INPUT: a mount that is not seen would be a mount not guarded.
 */
int mountinfo_parse(struct arena *a, char *text, struct mountinfo_table *ret, struct err *e);
/* mountinfo_read() - of this process; read once a run, because the kernel takes its time over it */
int mountinfo_read(struct arena *a, struct mountinfo_table *ret, struct err *e);
/* NULL: not visible from this process's root */
const struct mountinfo *mountinfo_by_id(const struct mountinfo_table *t, uint64_t id);

/* octal_char() - whether @s begins with "\040" or its like; then the character */
bool octal_char(const char *s, char *ret_c);
/* octal_decode() - "\040" and its like, in place; anything else stays as it is */
void octal_decode(char *s);

#endif
