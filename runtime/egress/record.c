/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - lines, their rate and the ring of two halves */
#include "egress/record.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/utc.h"

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

/* #syscalls: clock_gettime */
static void add_head(const char *container, struct strbuf *b)
{
	char when[UTC_SIZE];
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	utc_text(when, ts.tv_sec);
	strbuf_addf(b, "{\"time\":\"%s.%03ldZ\",\"container\":", when, ts.tv_nsec / 1000000);
	strbuf_add_json(b, container);
}

static void add_sum(struct record_sum *to, const struct record_sum *s)
{
	to->lines += s->lines;
	to->bytes_up += s->bytes_up;
	to->bytes_down += s->bytes_down;
}

static void print_sum(struct strbuf *b, const char *what, const struct record_sum *s)
{
	strbuf_addf(b, ",\"%s\":%llu,\"bytes_up\":%llu,\"bytes_down\":%llu}\n", what,
		    (unsigned long long)s->lines, (unsigned long long)s->bytes_up,
		    (unsigned long long)s->bytes_down);
}

static bool put(struct record *r, const struct strbuf *b)
{
	if (r->size + b->len > EGRESS_LOG_MAX || fd_write_all(r->fd, b->p, b->len) < 0)
		return false;
	r->size += b->len;
	return true;
}

/*
 * The newer half becomes the older one. The descriptors are all there is (no directory, no
 * rename), so the content is copied; a reader that follows the file sees it shrink.
 *
 * #syscalls: pread64 ftruncate write
 */
static void turn_over(struct record *r)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
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
	if (ftruncate(r->fd, 0) < 0)
		return;
	r->size = 0;
	add_sum(&r->overwritten, &r->older);
	r->older = r->newer;
	r->newer = (struct record_sum){ 0 };
	if (r->overwritten.lines == 0 || mutant("record.overwritten"))
		return;
	add_head(r->container, &b);
	print_sum(&b, "overwritten", &r->overwritten);
	(void)put(r, &b); /* the next half says it again */
}

/* Return: whether it stands there. */
static bool append(struct record *r, const struct strbuf *b)
{
	if (r->size + b->len > EGRESS_LOG_MAX)
		turn_over(r);
	return put(r, b);
}

void record_flush(struct record *r)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (r->missing.lines == 0)
		return;
	add_head(r->container, &b);
	print_sum(&b, "suppressed", &r->missing);
	if (!append(r, &b))
		return; /* still no room: keep counting */
	add_sum(&r->newer, &r->missing);
	r->missing = (struct record_sum){ 0 };
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
	const struct record_sum sum = { 1, line->bytes_up, line->bytes_down };
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char addr[46];

	if (!budget_take(&r->budget[rule_info(line->rule)->class], RECORD_PER_SECOND, RECORD_BURST,
			 now_ms)) {
		add_sum(&r->missing, &sum);
		return;
	}
	record_flush(r);
	add_head(line->container ? line->container : r->container, &b);
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
	add_sum(append(r, &b) ? &r->newer : &r->missing, &sum);
}
