/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_record.c - the decision log: lines, rate, and the ring of two halves */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "egress/record.h"
#include "tests/unit/test.h"

static int make_log(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
		abort();
	return fd;
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -1 : st.st_size;
}

static size_t count_lines(int fd, const char *needle)
{
	auto_free char *text = xcalloc((size_t)size_of(fd) + 1, 1);
	size_t n = 0;

	if (pread(fd, text, (size_t)size_of(fd), 0) < 0)
		abort();
	for (const char *p = text; (p = strstr(p, needle)); p++)
		n++;
	return n;
}

static void lines(void)
{
	auto_close int fd = make_log(), old = make_log();
	struct ipaddr a = { .family = 4, .b = { 192, 0, 2, 1 } };
	struct record_line line = { .via = "connect", .name = "a\"\n.org", .port = 443, .addr = &a,
				    .rule = RULE_OK, .bytes_up = 1, .bytes_down = 2,
				    .duration_ms = 3 };
	struct err e = ERR_INIT;
	struct record r;

	record_init(&r, fd, old, "c1", &e);
	record_write(&r, &line, 0);
	t_ok(count_lines(fd, "\",\"container\":\"c1\",\"via\":\"connect\",\"name\":\"a\\\"\\n.org\","
			     "\"port\":443,\"address\":\"192.0.2.1\",\"verdict\":\"allow\","
			     "\"rule\":\"egress.allow\",\"bytes_up\":1,\"bytes_down\":2,"
			     "\"duration_ms\":3}\n") == 1, "a line has every member, escaped");
	line.rule = RULE_SYNTAX;
	line.port = 0;
	line.addr = NULL;
	record_write(&r, &line, 0);
	t_ok(count_lines(fd, "\"port\":null,\"address\":null,\"verdict\":\"deny\","
			     "\"rule\":\"http.syntax\"") == 1, "what is not known is null");
	line.container = "member";
	record_write(&r, &line, 0);
	t_ok(count_lines(fd, "\"container\":\"member\",\"via\":\"connect\"") == 1,
	     "a line may be another container's of the pod");
}

static void floods(void)
{
	auto_close int fd = make_log(), old = make_log();
	struct record_line line = { .via = "http", .name = "x", .rule = RULE_ALLOW };
	struct err e = ERR_INIT;
	struct record r;

	record_init(&r, fd, old, "c1", &e);
	for (unsigned i = 0; i < RECORD_BURST + 100; i++)
		record_write(&r, &line, 10);
	t_ok(count_lines(fd, "\"deny\"") == RECORD_BURST, "a burst is written, and no more");
	line.rule = RULE_OK;
	record_write(&r, &line, 10);
	t_ok(count_lines(fd, "\"allow\"") == 1, "allowed connections have a budget of their own");
	t_ok(count_lines(fd, "\"suppressed\":100,\"bytes_up\":0,\"bytes_down\":0}") == 1, "the next line says how many are missing");
	line.rule = RULE_ALLOW;
	for (unsigned i = 0; i < 2 * RECORD_PER_SECOND; i++)
		record_write(&r, &line, 1010);
	t_ok(count_lines(fd, "\"deny\"") == RECORD_BURST + RECORD_PER_SECOND,
	     "a second later there is room for a second's lines");
	record_flush(&r);
	t_ok(count_lines(fd, "\"suppressed\":64,") == 1, "an idle log says what is missing, too");
}

/* Lines until the newer half has become the older one. */
static void turn(struct record *r, const struct record_line *line, int64_t *now)
{
	for (off_t before = 0; size_of(r->fd) >= before; record_write(r, line, *now += 1000))
		before = size_of(r->fd);
}

/* Who wants to hide a connection behind many others cannot hide what it carried. */
static void sums(void)
{
	auto_close int fd = make_log(), old = make_log();
	struct record_line line = { .via = "http", .name = "x", .rule = RULE_OK, .bytes_up = 1 };
	struct err e = ERR_INIT;
	struct record r;
	int64_t now = 0;

	record_init(&r, fd, old, "c1", &e);
	for (unsigned i = 0; i < RECORD_BURST; i++)
		record_write(&r, &line, 0);
	line.bytes_up = 5000;
	line.bytes_down = 7;
	record_write(&r, &line, 0);
	record_flush(&r);
	t_ok(count_lines(fd, "\"suppressed\":1,\"bytes_up\":5000,\"bytes_down\":7}") == 1,
	     "lines that are left out are there in sum");
	line.bytes_up = line.bytes_down = 0;
	turn(&r, &line, &now);
	turn(&r, &line, &now);
	t_ok(count_lines(fd, ",\"bytes_up\":5512,\"bytes_down\":7}") == 1 &&
		     count_lines(fd, "\"overwritten\":") == 1,
	     "so are lines that the ring has overwritten");
	turn(&r, &line, &now);
	t_ok(count_lines(fd, ",\"bytes_up\":5512,\"bytes_down\":7}") == 1,
	     "and they stay there when it has come round again");
}

static void rings(void)
{
	auto_close int fd = make_log(), old = make_log();
	auto_free char *fill = xcalloc(EGRESS_LOG_MAX, 1);
	struct record_line line = { .via = "http", .name = "x", .rule = RULE_ALLOW };
	struct err e = ERR_INIT;
	struct record r;

	memset(fill, '\n', EGRESS_LOG_MAX);
	if (fd_write_all(fd, fill, EGRESS_LOG_MAX - 10) < 0 || fd_write_all(old, "older", 5) < 0)
		abort();
	record_init(&r, fd, old, "c1", &e);
	record_write(&r, &line, 0);
	t_ok(size_of(old) == EGRESS_LOG_MAX - 10, "at the cap the newer half becomes the older one");
	t_ok(size_of(fd) < 1000 && count_lines(fd, "\"deny\"") == 1 &&
		     count_lines(old, "older") == 0, "and the newer half starts again");
}

int main(void)
{
	lines();
	floods();
	sums();
	rings();
	return t_done();
}
