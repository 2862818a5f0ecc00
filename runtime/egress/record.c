/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - lines, their rate and the ring of two halves */
#include "egress/record.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/str.h"

int record_init(struct record *r, int fd, int fd_old, const char *container, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat the decision log");
	*r = (struct record){
		.fd = fd, .fd_old = fd_old, .size = (uint64_t)st.st_size, .container = container
	};
	for (int i = 0; i < RULE_CLASS__COUNT; i++)
		r->budget[i].tokens = RECORD_BURST;
	return 0;
}

/*
 * The newer half becomes the older one. The descriptors are all there is (no directory, no
 * rename), so the content is copied; a reader that follows the file sees it shrink.
 *
 * #syscalls: pread64 ftruncate write
 */
static void turn_over(struct record *r)
{
	char buf[16384];
	off_t at = 0;
	ssize_t n;

	if (ftruncate(r->fd_old, 0) < 0)
		return;
	while ((n = pread(r->fd, buf, sizeof(buf), at)) > 0) {
		if (fd_write_all(r->fd_old, buf, (size_t)n) < 0)
			break; /* the disk is full: better to lose old lines than new ones */
		at += n;
	}
	if (ftruncate(r->fd, 0) == 0)
		r->size = 0;
}

static void append(struct record *r, const struct strbuf *b)
{
	if (r->size + b->len > EGRESS_LOG_MAX)
		turn_over(r);
	if (r->size + b->len > EGRESS_LOG_MAX || fd_write_all(r->fd, b->p, b->len) < 0)
		r->lost++;
	else
		r->size += b->len;
}

/* #syscalls: clock_gettime */
static void add_head(const struct record *r, struct strbuf *b)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strbuf_addf(b, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"container\":",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    ts.tv_nsec / 1000000);
	strbuf_add_json(b, r->container);
}

void record_flush(struct record *r)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	uint64_t missing = r->suppressed + r->lost;

	if (missing == 0)
		return;
	r->suppressed = r->lost = 0;
	add_head(r, &b);
	strbuf_addf(&b, ",\"suppressed\":%llu}\n", (unsigned long long)missing);
	append(r, &b);
	if (r->lost) /* still no room: keep counting */
		r->lost = missing;
}

bool budget_take(struct record_budget *b, uint32_t per_second, uint32_t burst, int64_t now_ms)
{
	uint64_t earned = (uint64_t)(now_ms - b->filled_ms) * per_second / 1000;

	if (earned > 0) {
		uint64_t t = b->tokens + earned;

		b->tokens = t > burst ? burst : (uint32_t)t;
		b->filled_ms = now_ms;
	}
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}

void record_write(struct record *r, const struct record_line *line, int64_t now_ms)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char addr[46];

	if (!budget_take(&r->budget[rule_info(line->rule)->class], RECORD_PER_SECOND, RECORD_BURST,
			 now_ms)) {
		r->suppressed++;
		return;
	}
	record_flush(r);
	add_head(r, &b);
	strbuf_addf(&b, ",\"via\":\"%s\",\"name\":", line->via);
	strbuf_add_json(&b, line->name);
	strbuf_addf(&b, line->port ? ",\"port\":%u" : ",\"port\":null", line->port);
	if (line->addr)
		ipaddr_print(line->addr, addr);
	strbuf_adds(&b, ",\"address\":");
	strbuf_add_json(&b, line->addr ? addr : NULL);
	strbuf_addf(&b, ",\"verdict\":\"%s\",\"rule\":\"%s\"", rule_verdict(line->rule),
		    rule_info(line->rule)->name);
	strbuf_addf(&b, ",\"bytes_up\":%llu,\"bytes_down\":%llu,\"duration_ms\":%lld}\n",
		    (unsigned long long)line->bytes_up, (unsigned long long)line->bytes_down,
		    (long long)line->duration_ms);
	append(r, &b);
}
