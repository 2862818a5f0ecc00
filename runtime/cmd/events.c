/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - `events`: what a container uses, once or every so often until it ends */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/table.h"
#include "cgroup/cgroup.h"
#include "cmd/container.h"
#include "sys/syscalls.h"

#define INTERVAL_DEFAULT_S 5
#define INTERVAL_MAX_S 86400

struct events_opts {
	bool stats;
	const char *interval;
};

#define X(...) OPT_ROW(struct events_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, stats, "stats", 0, NULL, "print the figures once and end"),
	X(STRING, interval, "interval", 0, "DURATION", "between two lines: 500ms, 5s (default), 1m"),
	{ 0 },
};

/* One "500ms" of a duration; false where it is none. */
static bool add_part(const char **text, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 } };
	size_t n = strspn(*text, "0123456789");
	char num[16] = "";
	uint32_t v;

	if (n == 0 || n >= sizeof(num))
		return false;
	memcpy(num, *text, n);
	*text += n;
	if (!str_to_u32(num, &v))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!str_has_prefix(*text, units[i].name))
			continue;
		*text += strlen(units[i].name);
		*ms += v * units[i].ms;
		return true;
	}
	*ms += (uint64_t)v * 1000;
	return **text == '\0';
}

/* "5", or "1m30s" as a Go program writes it. */
static int interval_ms(const char *text, int *ret_ms, struct err *e)
{
	const char *rest = text;
	uint64_t ms = text ? 0 : INTERVAL_DEFAULT_S * 1000;
	bool is_good = !text || *text;

	while (is_good && rest && *rest && ms <= INTERVAL_MAX_S * 1000)
		is_good = add_part(&rest, &ms);
	if (!is_good || ms == 0 || ms > INTERVAL_MAX_S * 1000)
		return err_set(e, ERR_USAGE,
			       "--interval %s: must be a duration like 5s, more than 0 and at most "
			       "%d hours",
			       text, INTERVAL_MAX_S / 3600);
	*ret_ms = (int)ms;
	return 0;
}

static int print_stats(const struct container *c, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "{\"type\":\"stats\",\"id\":");
	strbuf_add_json(&b, c->id);
	strbuf_adds(&b, ",\"data\":");
	cgroup_stats(&c->cg, &b);
	strbuf_adds(&b, "}\n");
	return cmd_out(&b, e);
}

static int print_oom(const struct container *c, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "{\"type\":\"oom\",\"id\":");
	strbuf_add_json(&b, c->id);
	strbuf_adds(&b, "}\n");
	return cmd_out(&b, e);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until it is time for the next line, or the end of the container (*ret_ended). */
static int wait_for_next(const struct container *c, struct pollfd pfd[2], struct cgroup_oom *oom,
			 int64_t until, bool *ret_ended, struct err *e)
{
	for (;;) {
		int64_t left = until - now_ms();

		pfd[1].fd = oom->fd;
		int n = poll(pfd, 2, left > 0 ? (int)left : 0);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "watch container %s", c->id);
		if (cgroup_oom_happened(oom) && print_oom(c, e))
			return -1;
		*ret_ended = n > 0 && pfd[0].revents;
		if (*ret_ended || n == 0)
			return 0;
	}
}

static int follow(const struct container *c, int ms, struct err *e)
{
	auto_close int fd = sys_pidfd_open((pid_t)c->s->pid, 0);
	struct cgroup_oom oom;
	bool ended = false;
	int rc = 0;

	if (fd < 0)
		return errno == ESRCH ? 0 : err_sys(e, "watch container %s", c->id);
	if (cgroup_oom_watch(&c->cg, &oom, e))
		return -1;

	struct pollfd pfd[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = oom.fd, .events = oom.events } };
	while (rc == 0 && !ended && proc_is_same(c->s->pid, c->s->pid_start)) {
		rc = print_stats(c, e);
		if (rc == 0)
			rc = wait_for_next(c, pfd, &oom, now_ms() + ms, &ended, e);
	}
	cgroup_oom_done(&oom);
	return rc;
}

static int run_events(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct events_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	int ms = 0;

	if (interval_ms(o->interval, &ms, e) ||
	    container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e))
		return -1;
	if (c.st == STATUS_STOPPED)
		return err_set(e, ERR_STATE, "container not running: %s is stopped", c.id);
	if (c.cg.none)
		return err_set(e, ERR_UNSUPPORTED, "container %s has no cgroup: nothing is counted",
			       c.id);
	return o->stats ? print_stats(&c, e) : follow(&c, ms, e);
}

const struct cmd cmd_events = {
	.name = "events",
	.args = "[options] ID",
	.summary = "print what a container uses, and when it lacked memory",
	.opts = opts,
	.opts_size = sizeof(struct events_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_events,
};
