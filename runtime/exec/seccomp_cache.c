/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_cache.c - compiled seccomp programs, kept between containers
 *
 * Theory of operation: one file for each input, named by a hash that need not be strong: the whole
 * input stands in the file and is compared, so that a collision or a stale entry is a miss, never a
 * wrong filter. A program in here is trusted like the runtime itself; so the directory and the file
 * must belong to the caller and be writable by nobody else, and a check sum finds a damaged disk.
 *
 *	struct entry_head | input | program
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "exec/seccomp_compile.h"

#define ENTRY_MAGIC 0x31636373747261ULL /* "artscc1" */
#define INPUT_MAX   (1u << 20)		/* bytes; Docker's default profile takes 8 KiB */

struct entry_head {
	uint64_t magic, sum_prog;
	uint64_t input_bytes, prog_bytes;
};

/* Multiply and fold, eight bytes a step; @h of what came before. Finds damage, stops nobody. */
static uint64_t hash(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t w;

		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	for (; n > 0; p++, n--)
		h = (h ^ *p) * 0x100000001b3ULL;
	return h ^ h >> 32;
}
#define HASH_START 0xcbf29ce484222325ULL

static bool is_ours_alone(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       (st.st_mode & 022) == 0;
}

static int open_dir(const char *dir)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || (!is_ours_alone(fd, S_IFDIR) && !mutant("seccomp.cache_owner")))
		return -1;
	return take_fd(fd);
}

static void entry_name(char *buf, size_t size, const struct strbuf *input)
{
	snprintf(buf, size, "seccomp-%016llx",
		 (unsigned long long)hash(HASH_START, input->p, input->len));
}

static bool entry_is_good(const char *data, size_t n, const struct strbuf *input,
			  struct entry_head *ret_head)
{
	struct entry_head h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, data, sizeof(h));
	if (h.magic != ENTRY_MAGIC || h.input_bytes != input->len || h.prog_bytes == 0 ||
	    h.prog_bytes > SECCOMP_MAX_INSNS * sizeof(struct sock_filter) ||
	    h.prog_bytes % sizeof(struct sock_filter) ||
	    n != sizeof(h) + h.input_bytes + h.prog_bytes)
		return false;
	if (memcmp(data + sizeof(h), input->p, input->len) != 0 && !mutant("seccomp.cache_input"))
		return false;
	if (hash(HASH_START, data + sizeof(h) + h.input_bytes, h.prog_bytes) != h.sum_prog &&
	    !mutant("seccomp.cache_sum"))
		return false;
	*ret_head = h;
	return true;
}

bool seccomp_cache_get(const char *dir, const struct strbuf *input, struct seccomp_prog *ret)
{
	auto_close int dirfd = open_dir(dir);
	auto_free char *data = NULL;
	struct entry_head h;
	char name[64];
	size_t n;

	if (dirfd < 0)
		return false;
	entry_name(name, sizeof(name), input);
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || (!is_ours_alone(fd, S_IFREG) && !mutant("seccomp.cache_owner")) ||
	    fd_read_all(fd, sizeof(h) + INPUT_MAX + SECCOMP_MAX_INSNS * sizeof(struct sock_filter),
			name, &data, &n, NULL) ||
	    !entry_is_good(data, n, input, &h))
		return false;
	ret->data = xcalloc(1, h.prog_bytes);
	ret->n_bytes = h.prog_bytes;
	memcpy(ret->data, data + sizeof(h) + h.input_bytes, h.prog_bytes);
	return true;
}

void seccomp_cache_put(const char *dir, const struct strbuf *input,
		       const struct seccomp_prog *prog)
{
	struct entry_head h = { .magic = ENTRY_MAGIC,
				.input_bytes = input->len,
				.prog_bytes = prog->n_bytes };
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char name[64];

	if (input->len > INPUT_MAX)
		return;
	(void)mkdir(dir, 0700); /* exists already: open_dir() judges it */
	auto_close int dirfd = open_dir(dir);
	if (dirfd < 0)
		return;
	h.sum_prog = hash(HASH_START, prog->data, prog->n_bytes);
	strbuf_add(&b, (const char *)&h, sizeof(h));
	strbuf_add(&b, input->p, input->len);
	strbuf_add(&b, prog->data, prog->n_bytes);
	entry_name(name, sizeof(name), input);
	(void)fd_write_file_at(dirfd, name, b.p, b.len, 0600, NULL); /* a miss next time */
}
