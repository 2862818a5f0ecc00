/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - `events`: what a container uses, once or every so often until it ends */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"
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
	X(STRING, interval, "interval", 0, "SECONDS", "between two lines (default 5)"),
	{ 0 },
};

/* "5", or "5s" as a Go program writes it. */
static int interval_ms(const char *text, int *ret_ms, struct err *e)
{
	char num[16] = "";
	size_t n = text ? strlen(text) : 0;
	uint32_t s = INTERVAL_DEFAULT_S;

	if (n > 0 && n < sizeof(num)) {
		memcpy(num, text, text[n - 1] == 's' ? n - 1 : n);
		s = 0;
	}
	if (text && (!str_to_u32(num, &s) || s == 0 || s > INTERVAL_MAX_S))
		return err_set(e, ERR_USAGE, "--interval %s: must be 1 to %d seconds", text,
			       INTERVAL_MAX_S);
	*ret_ms = (int)s * 1000;
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

static int follow(const struct container *c, int ms, struct err *e)
{
	auto_close int fd = sys_pidfd_open((pid_t)c->s->pid, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int n;

	if (fd < 0)
		return errno == ESRCH ? 0 : err_sys(e, "watch container %s", c->id);
	do {
		if (!proc_is_same(c->s->pid, c->s->pid_start))
			return 0;
		if (print_stats(c, e))
			return -1;
		n = poll(&pfd, 1, ms);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_sys(e, "watch container %s", c->id) : 0;
}

static int run_events(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct events_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	int ms;

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
	.summary = "print what a container uses",
	.opts = opts,
	.opts_size = sizeof(struct events_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_events,
};
