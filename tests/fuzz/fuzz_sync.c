/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_sync.c - libFuzzer target: a peer that sends any frames, to either side of the protocol
 *
 * The first byte says which side listens; then each frame is: its message, the descriptors it claims,
 * those it carries, its length as a part of the real one, and bytes for its payload. Whatever comes,
 * sync_recv() returns, a message that it lets through carries what it claims, an error is filled and
 * its text ends, and no descriptor is left open.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/sync.h"

#define FRAME_HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void send_raw(int to, const struct sync_frame *f, size_t len, size_t n_fds)
{
	union {
		struct cmsghdr hdr;
		char bytes[CMSG_SPACE(sizeof(int) * 253)];
	} ctl;
	struct iovec iov = { .iov_base = (void *)f, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > 0) {
		int fds[253];

		for (size_t i = 0; i < n_fds; i++)
			fds[i] = STDERR_FILENO;
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.bytes;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		ctl.hdr.cmsg_level = SOL_SOCKET;
		ctl.hdr.cmsg_type = SCM_RIGHTS;
		ctl.hdr.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&ctl.hdr), fds, sizeof(int) * n_fds);
	}
	(void)sendmsg(to, &mh, MSG_NOSIGNAL | MSG_DONTWAIT); /* a full queue: the next is tried */
}

/* Reads what is there; false when the conversation is over. */
static bool listen_once(struct sync *s)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];
	struct err e = ERR_INIT;

	if (sync_recv(s, &f, fds, &e)) {
		must(e.kind != ERR_NONE && (unsigned)e.kind < ERR__COUNT &&
		     memchr(e.msg, '\0', sizeof(e.msg)));
		return false;
	}
	must(f.msg < SYNC_ERR && f.n_fds <= SYNC_MAX_FDS);
	for (uint32_t i = 0; i < f.n_fds; i++)
		must(close(fds[i]) == 0);
	return true;
}

static int first_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sync ends[2] = { SYNC_INIT, SYNC_INIT };
	int before = first_free();
	bool goes_on = true;

	if (size < 1 || sync_pair(&ends[0], &ends[1], NULL))
		return 0;
	struct sync *s = &ends[data[0] & 1];
	int other = ends[!(data[0] & 1)].fd;

	if (data[0] & 2)
		sync_skip_setup(s);
	for (data++, size--; size >= FRAME_HEAD && goes_on;) {
		struct sync_frame f;
		size_t n = size - FRAME_HEAD < 64 ? size - FRAME_HEAD : 64;

		memset(&f, 0xff, sizeof(f));
		f.msg = data[0] == 255 ? UINT32_MAX : data[0] % (SYNC_MSG__COUNT + 1);
		f.n_fds = data[1];
		memcpy(&f.u, data + FRAME_HEAD, n);
		send_raw(other, &f, sizeof(f) - (data[3] & 7), data[2] % 254);
		data += FRAME_HEAD + n;
		size -= FRAME_HEAD + n;
		goes_on = listen_once(s);
	}
	sync_done(&ends[0]);
	sync_done(&ends[1]);
	must(first_free() == before);
	return 0;
}
