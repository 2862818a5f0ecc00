/* SPDX-License-Identifier: Apache-2.0 */
/* t_base.c - runtime/base */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "base/utc.h"
#include "tests/unit/test.h"

static void paths(void)
{
	static const struct { const char *name, *in, *want; } rows[] = {
		{ "dot-dot at the root stays at the root", "/../../etc", "/etc" },
		{ "dot and empty components vanish", "//a/./b//", "/a/b" },
		{ "dot-dot removes one component", "/a/b/../c", "/a/c" },
		{ "nothing is the root", "", "/" },
		{ "a relative path is taken from the root", "a/b", "/a/b" },
		{ "three dots are a name", "/a/...", "/a/..." },
	};
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = path_clean(&a, rows[i].in);

		if (!t_ok(streq(got, rows[i].want), rows[i].name))
			t_note("%s -> %s, want %s", rows[i].in, got, rows[i].want);
	}
	t_ok(path_is_within("/a/b", "/a"), "a child is within its parent");
	t_ok(!path_is_within("/ab", "/a"), "a longer name is not within");
	t_ok(path_is_within("/x", "/"), "everything is within the root");
}

static void globs(void)
{
	static const struct { const char *name, *pattern, *s; bool want; } rows[] = {
		{ "a star matches a run", "*_TOKEN", "GH_TOKEN", true },
		{ "a star matches nothing too", "*_TOKEN", "_TOKEN", true },
		{ "a suffix pattern does not match in the middle", "*_TOKEN", "GH_TOKENS", false },
		{ "two stars backtrack", "*SECRET*KEY", "A_SECRET_B_KEY_KEY", true },
		{ "case is folded", "*token", "TOKEN", true },
		{ "a question mark is one byte", "a?c", "ac", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		t_ok(str_glob(rows[i].pattern, rows[i].s, true) == rows[i].want, rows[i].name);
}

static void numbers(void)
{
	static const struct { const char *name, *in; bool ok; uint32_t want; } rows[] = {
		{ "the largest u32", "4294967295", true, 4294967295u },
		{ "one more than u32 is refused", "4294967296", false, 0 },
		{ "a sign is refused", "-1", false, 0 },
		{ "nothing is refused", "", false, 0 },
		{ "trailing text is refused", "1x", false, 0 },
		{ "a space is refused", " 1", false, 0 },
		{ "hexadecimal is refused", "0x10", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t v = 0;

		t_ok(str_to_u32(rows[i].in, &v) == rows[i].ok && v == rows[i].want, rows[i].name);
	}
	int64_t i64;
	t_ok(str_to_i64("-9223372036854775808", &i64) && i64 == INT64_MIN, "the smallest i64");
	t_ok(!str_to_i64("9223372036854775808", &i64), "one more than i64 is refused");
}

static void json_text(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_add_json(&b, "a/b\"\\\n\x01\xc3\xa9\xff");
	if (!t_ok(streq(b.p, "\"a/b\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\""), "JSON strings are escaped"))
		t_note("got %s", b.p);
}

/* Around the room that is there before the length is known. */
static void formatted_text(void)
{
	for (int n = 60; n < 140; n++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		strbuf_addf(&b, "%0*d", n, 7);
		strbuf_addf(&b, "%s%0*d", "+", n, 8);
		if (b.len != 2 * (size_t)n + 1 || strlen(b.p) != b.len || b.p[n - 1] != '7' ||
		    b.p[n] != '+' || b.p[2 * n] != '8') {
			t_ok(false, "formatted text of any length is added");
			t_note("length %d: %s", n, b.p);
			return;
		}
	}
	t_ok(true, "formatted text of any length is added");
}

static void arenas(void)
{
	auto_arena struct arena a = ARENA_INIT;
	int *v = NULL;
	size_t n = 0;
	bool same = true;

	for (int i = 0; i < 1000; i++)
		*arena_push(&a, v, n) = i;
	for (int i = 0; i < 1000; i++)
		same = same && v[i] == i;
	t_ok(same && n == 1000, "an array in an arena keeps its elements while it grows");
}

static void errors(void)
{
	struct err e = ERR_INIT;

	err_deny(&e, "mount.socket", "mounts[3]: bind /run/x.sock on /x", "it is a socket", "add it to mounts.allow");
	t_ok(e.kind == ERR_DENIED && streq(e.rule, "mount.socket"), "a denial carries its rule");
	err_ctx(&e, "create");
	t_ok(str_has_prefix(e.msg, "create: mounts[3]"), "context goes in front");
	for (int i = 0; i < 400; i++)
		err_ctx(&e, "context that grows");
	t_ok(str_has_suffix(e.msg, "..."), "a message that is too long ends in dots");
}

static void files(void)
{
	char dir[] = "/tmp/agentrt-base.XXXXXX", left[64];
	auto_close int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct err e = ERR_INIT;

	snprintf(left, sizeof(left), ".f.%d", (int)getpid());
	t_ok(fd >= 0 && fd_write_file_at(fd, left, "half", 4, 0600, &e) == 0 &&
		     fd_write_file_at(fd, "f", "whole", 5, 0600, &e) == 0 &&
		     faccessat(fd, left, F_OK, 0) < 0 && errno == ENOENT,
	     "what a killed process of the same number left under the temporary name is replaced");
	(void)unlinkat(fd, "f", 0);
	(void)rmdir(dir);
}

static void times(void)
{
	static const struct {
		const char *name;
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ "the epoch", 0, "1970-01-01T00:00:00" },
		{ "a second before it", -1, "1969-12-31T23:59:59" },
		{ "a day that not every year has", 951782400, "2000-02-29T00:00:00" },
		{ "the day after it", 951868800, "2000-03-01T00:00:00" },
		{ "a year's last second", 1735689599, "2024-12-31T23:59:59" },
		{ "more seconds than 31 bits", 2147483648, "2038-01-19T03:14:08" },
		{ "the last day of February in 2100", 4107456000, "2100-02-28T00:00:00" },
		{ "and the next one", 4107542400, "2100-03-01T00:00:00" },
	};
	char text[UTC_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		utc_text(text, rows[i].seconds);
		t_ok(streq(text, rows[i].text), rows[i].name);
	}
	utc_text(text, INT64_MAX);
	t_ok(streq(text, ""), "a time that no calendar has is no text");
}

static void decimals(void)
{
	static const int64_t v[] = { 0, 9, 10, -1, INT64_MAX, INT64_MIN };
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		strbuf_add_i64(&b, v[i]);
		strbuf_adds(&b, " ");
	}
	strbuf_add_u64(&b, UINT64_MAX);
	t_ok(streq(b.p, "0 9 10 -1 9223372036854775807 -9223372036854775808 18446744073709551615"),
	     "numbers are written as printf does");
}

int main(void)
{
	times();
	decimals();
	paths();
	globs();
	numbers();
	json_text();
	formatted_text();
	arenas();
	errors();
	files();
	return t_done();
}
