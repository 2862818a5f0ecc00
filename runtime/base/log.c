/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the log file (text or JSON lines, RFC 3339 time) and stderr; the program's only global */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "base/utc.h"

static struct {
	enum log_level level;
	int fd;
	bool json;
} cfg = { .level = LOG_WARN, .fd = -1 };

static const char *const level_name[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warning",
	[LOG_DEBUG] = "debug",
};
TABLE_CHECK(level_name, LOG__COUNT);

void log_setup(enum log_level level, int fd, bool json)
{
	cfg.level = level;
	cfg.fd = fd;
	cfg.json = json;
}

static void to_file(enum log_level level, const char *msg)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char when[UTC_SIZE];

	utc_text(when, time(NULL));
	if (cfg.json) {
		strbuf_addf(&b, "{\"level\":\"%s\",\"msg\":", level_name[level]);
		strbuf_add_json(&b, msg);
		strbuf_addf(&b, ",\"time\":\"%sZ\"}\n", when);
	} else {
		strbuf_addf(&b, "%sZ %s: %s\n", when, level_name[level], msg);
	}
	(void)fd_write_all(cfg.fd, b.p, b.len); /* a log that cannot be written must not stop us */
}

/* Messages quote configs and images: no line of their own making, nothing a terminal obeys. */
static void make_plain(char *msg)
{
	for (char *p = msg; *p && !mutant("log.plain"); p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

__attribute__((format(printf, 2, 0))) static void vlog(enum log_level level, const char *fmt,
						       va_list ap)
{
	char msg[ERR_MSG_MAX + 256];

	if (level > cfg.level)
		return;
	vsnprintf(msg, sizeof(msg), fmt, ap);
	make_plain(msg);
	if (cfg.fd >= 0 && (level != LOG_WARN || !cfg.json || cfg.level > LOG_WARN))
		to_file(level, msg);
	if (level != LOG_DEBUG || cfg.fd < 0)
		dprintf(STDERR_FILENO, "agentrt: %s%s\n", level == LOG_WARN ? "warning: " : "", msg);
}

#define DEFINE_LOG(name, level)              \
	void name(const char *fmt, ...)      \
	{                                    \
		va_list ap;                  \
		va_start(ap, fmt);           \
		vlog(level, fmt, ap);        \
		va_end(ap);                  \
	}
DEFINE_LOG(log_error, LOG_ERROR)
DEFINE_LOG(log_warn, LOG_WARN)
DEFINE_LOG(log_debug, LOG_DEBUG)
