/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selfmap.c - a running program changes the file it runs from
 *
 * Theory of operation: /proc/<pid>/exe names a file and the mount it was executed through, and a
 * fork inherits both. The kernel lets a process name another one (prctl(2), PR_SET_MM_MAP with
 * exe_fd, made for restoring checkpoints) once nothing of the old file is mapped through the old
 * mount. So each of the program's mappings is replaced by the same pages of @exe, at the same
 * address:
 *
 *	code and constants	mapped again, from @exe: the same page cache, nothing is copied
 *	data, written since	copied to anonymous memory, which takes the place of the mapping
 *
 * Nothing here is taken on trust: whatever is overlooked stays mapped from the old file, and then
 * the kernel refuses the last step (EBUSY).
 *
 * Should: run before there are other threads or children, for nobody may write to the data while it
 * is copied.
 * Mustn't: be the only way; older kernels and some sandboxes refuse it.
 */
#include "exec/selfmap.h"

#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sanitize.h"

#define SEGMENTS_MAX 16
#define PROC_MAX     (1u << 20)

struct range {
	uintptr_t from, to;
};

/* The program's PT_LOAD segments, and those of them that are writable or were (RELRO). */
struct program {
	struct range all, written[SEGMENTS_MAX];
	size_t n_written;
};

struct mapping {
	uintptr_t from, to;
	int prot;
	off_t offset;
};

static int see_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct program *p = arg;

	(void)size;
	p->all = (struct range){ UINTPTR_MAX, 0 };
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		struct range r = { info->dlpi_addr + h->p_vaddr,
				   info->dlpi_addr + h->p_vaddr + h->p_memsz };

		if (h->p_type != PT_LOAD)
			continue;
		p->all.from = r.from < p->all.from ? r.from : p->all.from;
		p->all.to = r.to > p->all.to ? r.to : p->all.to;
		if ((h->p_flags & PF_W) && p->n_written < SEGMENTS_MAX)
			p->written[p->n_written++] = r;
	}
	return 1; /* the first object is the program itself */
}

static bool was_written(const struct program *p, const struct mapping *m)
{
	for (size_t i = 0; i < p->n_written; i++)
		if (m->from < p->written[i].to && m->to > p->written[i].from)
			return true;
	return false;
}

/* A line of /proc/self/maps: whether it is a private mapping of a file inside the program. */
static bool take_line(const char *line, const struct program *p, struct mapping *ret)
{
	unsigned long from, to, offset, inode;
	char prot[5];

	if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &from, &to, prot, &offset, &inode) != 5)
		return false;
	*ret = (struct mapping){ from, to,
				 (prot[0] == 'r' ? PROT_READ : 0) | (prot[1] == 'w' ? PROT_WRITE : 0) |
					 (prot[2] == 'x' ? PROT_EXEC : 0),
				 (off_t)offset };
	return inode != 0 && prot[3] == 'p' && to > p->all.from && from < p->all.to;
}

static int move_code(const struct mapping *m, int exe)
{
	void *at = (void *)m->from; /* an address, known as a number only */

	return mmap(at, m->to - m->from, m->prot, MAP_PRIVATE | MAP_FIXED, exe, m->offset) == at ? 0 :
												   -1;
}

/* By words, for these are pages; memcpy() would be asked what it does between variables. */
static NOT_SANITIZED void copy_pages(void *to, const void *from, size_t len)
{
	const unsigned long *src = from;
	volatile unsigned long *dst = to;

	for (size_t i = 0; i < len / sizeof(*src); i++)
		dst[i] = src[i];
}

/* Between the copy and the move nothing writes here: errno is the thread's. */
static int move_data(const struct mapping *m)
{
	size_t len = m->to - m->from;
	void *at = (void *)m->from;
	void *copy = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (copy == MAP_FAILED)
		return -1;
	copy_pages(copy, at, len);
	if (mprotect(copy, len, m->prot) == 0 &&
	    mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at)
		return 0;
	(void)munmap(copy, len);
	return -1;
}

static char *read_proc(const char *path)
{
	struct err ignored = ERR_INIT;
	char *text;
	size_t len;

	return fd_read_file(path, PROC_MAX, &text, &len, &ignored) ? NULL : text;
}

static int move_mappings(int exe)
{
	struct program p = { 0 };
	auto_free char *maps = read_proc("/proc/self/maps");
	char *save = NULL;

	(void)dl_iterate_phdr(see_program, &p);
	for (char *line = maps ? strtok_r(maps, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct mapping m;

		if (take_line(line, &p, &m) &&
		    (was_written(&p, &m) ? move_data(&m) : move_code(&m, exe)))
			return -1;
	}
	return maps ? 0 : -1;
}

/* Everything but the file is told to the kernel as it is: proc(5), /proc/<pid>/stat. */
static int name_file(int exe)
{
	enum { STATE = 3, START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA,
	       START_BRK, ARG_START, ARG_END, ENV_START, ENV_END, FIELDS };
	unsigned long long v[FIELDS] = { 0 };
	auto_free char *stat = read_proc("/proc/self/stat");
	char *at = stat ? strrchr(stat, ')') : NULL; /* the field before may hold anything */

	at = at ? strchr(at, ' ') : NULL;
	for (int i = STATE + 1; i < FIELDS; i++) {
		at = at ? strchr(at + 1, ' ') : NULL;
		if (!at)
			return -1;
		v[i] = strtoull(at, NULL, 10);
	}
	const struct prctl_mm_map map = {
		.start_code = v[START_CODE],
		.end_code = v[END_CODE],
		.start_data = v[START_DATA],
		.end_data = v[END_DATA],
		.start_brk = v[START_BRK],
		.brk = (uintptr_t)sbrk(0),
		.start_stack = v[START_STACK],
		.arg_start = v[ARG_START],
		.arg_end = v[ARG_END],
		.env_start = v[ENV_START],
		.env_end = v[ENV_END],
		.exe_fd = (uint32_t)exe,
	};

	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? -1 : 0;
}

int selfmap_move(int exe)
{
	return move_mappings(exe) || name_file(exe) ? -1 : 0;
}
