/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - filling struct err, and the one table from error kind to exit status */
#define ERR_DEFINES /* err.h: the functions, not what the analyzer is told of them */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"

static void mark_cut(char *msg, int n)
{
	if (n >= ERR_MSG_MAX)
		memcpy(msg + ERR_MSG_MAX - 4, "...", 4);
}

/* ": no such file or directory", as Go programs write it: docker(1) derives exit statuses from it */
static int add_errno(char *to, size_t room, int sys)
{
	const char *s = strerror(sys);
	bool is_word = s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' && s[1] <= 'z';

	return snprintf(to, room, ": %c%s", is_word ? s[0] | 0x20 : s[0], s + 1);
}

__attribute__((format(printf, 4, 0))) static void fill(struct err *e, enum err_kind kind, int sys,
							const char *fmt, va_list ap)
{
	if (!e)
		return;
	e->kind = kind;
	e->sys = sys;
	e->op = -1;
	e->rule[0] = '\0';

	int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	if (sys && n >= 0 && n < ERR_MSG_MAX)
		n += add_errno(e->msg + n, sizeof(e->msg) - (size_t)n, sys);
	mark_cut(e->msg, n);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_SYS, sys, fmt, ap);
	va_end(ap);
	errno = sys;
	return -1;
}

int err_ctx(struct err *e, const char *fmt, ...)
{
	char tmp[ERR_MSG_MAX];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	int n = vsnprintf(tmp, sizeof(tmp), fmt, ap);
	va_end(ap);
	if (n >= 0 && n < ERR_MSG_MAX)
		n += snprintf(tmp + n, sizeof(tmp) - (size_t)n, ": %s", e->msg);
	mark_cut(tmp, n);
	memcpy(e->msg, tmp, sizeof(tmp));
	return -1;
}

int err_deny(struct err *e, const char *rule, const char *what, const char *why, const char *allow)
{
	err_set(e, ERR_DENIED, "%s: refused by rule %s: %s; %s%s", what, rule, why,
		allow ? "to allow it: " : "no setting allows it", allow ? allow : "");
	if (e)
		snprintf(e->rule, sizeof(e->rule), "%s", rule);
	return -1;
}

static const int exit_status[] = {
	[ERR_NONE] = 0,	    [ERR_USAGE] = 1, [ERR_INPUT] = 1, [ERR_SPEC] = 1, [ERR_UNSUPPORTED] = 1,
	[ERR_DENIED] = 1,   [ERR_NOTFOUND] = 1, [ERR_STATE] = 1, [ERR_EXEC] = 1, [ERR_SYS] = 1,
};
TABLE_CHECK(exit_status, ERR__COUNT);

int err_exit_status(enum err_kind kind)
{
	return exit_status[kind];
}
