/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar.h - writing a tar stream: POSIX.1-2001 (pax), which every reader of image layers knows
 *
 * Names and values may hold any bytes but NUL. What a header of 512 bytes cannot hold exactly goes
 * into a pax record before it: nothing is cut.
 */
#ifndef CMD_TAR_H
#define CMD_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum tar_type {
	TAR_FILE = '0',
	TAR_HARDLINK = '1',
	TAR_SYMLINK = '2',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

struct tar_entry {
	enum tar_type type;
	const char *path, *link; /* relative, without a slash at the end; link: NULL for none */
	uint32_t mode, uid, gid;
	uint64_t size; /* TAR_FILE: so many bytes follow by tar_data() */
	int64_t mtime_s;
	struct strbuf xattrs; /* pax records, by tar_xattr(); owned by the caller */
};

/* tar_xattr() - one more attribute of the entry */
void tar_xattr(struct strbuf *records, const char *name, const void *value, size_t n);

int tar_header(int fd, const struct tar_entry *t, struct err *e);
/* tar_data() - exactly @size bytes of @from: a file that has become shorter is filled up with
 * zeros, of one that grows no more is taken */
int tar_data(int fd, int from, uint64_t size, struct err *e);
int tar_end(int fd, struct err *e);

#endif
