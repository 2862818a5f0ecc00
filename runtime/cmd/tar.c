/* SPDX-License-Identifier: Apache-2.0 */
/* tar.c - headers, pax records, padding: pax(1) of POSIX.1-2001, "ustar Interchange Format" */
#include "cmd/tar.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define BLOCK	 512u
#define CHUNK	 65536u
#define NAME_LEN 100u

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100],
		magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static int put(int fd, const void *data, size_t n, struct err *e)
{
	return fd_write_all(fd, data, n) < 0 ? err_sys(e, "write the archive") : 0;
}

static int pad(int fd, uint64_t size, struct err *e)
{
	static const char zero[BLOCK];

	return size % BLOCK ? put(fd, zero, BLOCK - size % BLOCK, e) : 0;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
static void record(struct strbuf *b, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3, len = rest + 1;

	for (size_t digits = 1, limit = 10; len >= limit; limit *= 10)
		len = rest + ++digits;
	strbuf_addf(b, "%zu %s=", len, key);
	strbuf_add(b, value, n);
	strbuf_add(b, "\n", 1);
}

void tar_xattr(struct strbuf *records, const char *name, const void *value, size_t n)
{
	auto_strbuf struct strbuf key = STRBUF_INIT;

	strbuf_addf(&key, "SCHILY.xattr.%s", name);
	record(records, key.p, value, n);
}

static void record_text(struct strbuf *b, const char *key, const char *value)
{
	record(b, key, value, strlen(value));
}

static void record_number(struct strbuf *b, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	record_text(b, key, text);
}

/* A number as octal text that fills its field but for the NUL; false: it does not fit. */
static bool octal(char *field, size_t size, uint64_t v)
{
	for (size_t i = size - 1; i--; v >>= 3)
		field[i] = (char)('0' + (v & 7));
	field[size - 1] = '\0';
	return v == 0;
}

static int write_header(int fd, struct header *h, struct err *e)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned sum = 0;

	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	memset(h->sum, ' ', sizeof(h->sum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += bytes[i];
	octal(h->sum, 7, sum);
	return put(fd, h, sizeof(*h), e);
}

/* The records as an entry of their own in front of the one that they are about. */
static int write_records(int fd, const struct strbuf *b, struct err *e)
{
	struct header h = { .name = "pax", .type = 'x' };

	if (b->len == 0)
		return 0;
	octal(h.mode, sizeof(h.mode), 0644);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.mtime, sizeof(h.mtime), 0);
	if (!octal(h.size, sizeof(h.size), b->len))
		return err_set(e, ERR_INPUT, "write the archive: extended attributes too large");
	return write_header(fd, &h, e) || put(fd, b->p, b->len, e) || pad(fd, b->len, e) ? -1 : 0;
}

/* Into its field, and whole into a record where it does not fit. */
static void set_text(struct strbuf *b, char field[NAME_LEN], const char *key, const char *s)
{
	size_t n = strlen(s);

	memcpy(field, s, n < NAME_LEN ? n : NAME_LEN);
	if (n > NAME_LEN)
		record_text(b, key, s);
}

int tar_header(int fd, const struct tar_entry *t, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT, path = STRBUF_INIT;
	struct header h = { .type = (char)t->type };
	uint64_t mtime = t->mtime_s < 0 ? 0 : (uint64_t)t->mtime_s;

	strbuf_addf(&path, "%s%s", t->path, t->type == TAR_DIR ? "/" : "");
	set_text(&b, h.name, "path", path.p);
	if (t->link)
		set_text(&b, h.link, "linkpath", t->link);
	octal(h.mode, sizeof(h.mode), t->mode & 07777);
	if (!octal(h.uid, sizeof(h.uid), t->uid))
		record_number(&b, "uid", t->uid);
	if (!octal(h.gid, sizeof(h.gid), t->gid))
		record_number(&b, "gid", t->gid);
	if (!octal(h.size, sizeof(h.size), t->size))
		record_number(&b, "size", (int64_t)t->size);
	if (!octal(h.mtime, sizeof(h.mtime), mtime) || t->mtime_s < 0)
		record_number(&b, "mtime", t->mtime_s);
	strbuf_add(&b, t->xattrs.p ? t->xattrs.p : "", t->xattrs.len);
	return write_records(fd, &b, e) || write_header(fd, &h, e) ? -1 : 0;
}

int tar_data(int fd, int from, uint64_t size, struct err *e)
{
	char buf[CHUNK];

	for (uint64_t left = size; left;) {
		size_t want = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n = read(from, buf, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read a file of the container");
		if (n == 0) { /* it has become shorter */
			memset(buf, 0, want);
			n = (ssize_t)want;
		}
		if (put(fd, buf, (size_t)n, e))
			return -1;
		left -= (uint64_t)n;
	}
	return pad(fd, size, e);
}

int tar_end(int fd, struct err *e)
{
	static const char zero[2 * BLOCK];

	return put(fd, zero, sizeof(zero), e);
}
