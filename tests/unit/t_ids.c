/* SPDX-License-Identifier: Apache-2.0 */
/* t_ids.c - runtime/state/ids: no two containers ever hold one range */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "state/ids.h"
#include "tests/unit/test.h"

#define CHILDREN 200

static char top[] = "/tmp/agentrt-t_ids.XXXXXX";
static char *etc, *dir, *root;

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static char *in(const char *where, const char *name)
{
	return xasprintf("%s/%s", where, name);
}

/* A container's directory: a reservation without one is taken for dead. */
static void make_container(const char *id)
{
	auto_free char *path = in(root, id);

	if (mkdir(path, 0700) < 0)
		abort();
}

static void drop_container(const char *id)
{
	auto_free char *path = in(root, id);

	if (rmdir(path) < 0)
		abort();
}

static void etc_files(const char *passwd, const char *subuid)
{
	auto_free char *p = in(etc, "passwd"), *s = in(etc, "subuid");

	put(p, passwd);
	put(s, subuid);
}

static void clean_book(void)
{
	auto_free char *path = in(dir, ".ids");

	(void)unlink(path); /* may not be there */
}

static const struct ids_place *place(void)
{
	static struct ids_place at;

	at = (struct ids_place){ .dir = dir, .etc = etc };
	return &at;
}

/* In a child: waits until the pipe is closed, so that all start together. */
static void reserve_one(int start, int out, int n)
{
	struct id_grant g = { 0 };
	struct err e = ERR_INIT;
	char id[16], c;

	snprintf(id, sizeof(id), "c%d", n);
	if (read(start, &c, 1) != 0 || ids_reserve(place(), root, id, NULL, &g, &e))
		_exit(1);
	_exit(write(out, &g, sizeof(g)) == sizeof(g) ? 0 : 1);
}

static bool all_differ(const struct id_grant *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (g[i].base == g[k].base || g[i].egress_uid == g[k].egress_uid)
				return false;
	return true;
}

static void concurrent(void)
{
	struct id_grant g[CHILDREN];
	int start[2], out[2], bad = 0, n = 0, status;

	if (pipe(start) < 0 || pipe(out) < 0)
		abort();
	for (int i = 0; i < CHILDREN; i++) {
		char id[16];

		snprintf(id, sizeof(id), "c%d", i);
		make_container(id);
		if (fork() == 0) {
			close(start[1]);
			reserve_one(start[0], out[1], i);
		}
	}
	close(start[1]);
	close(start[0]);
	close(out[1]);
	while (n < CHILDREN && read(out[0], &g[n], sizeof(g[n])) == sizeof(g[n]))
		n++;
	close(out[0]);
	while (wait(&status) > 0)
		bad += status != 0;
	t_ok(n == CHILDREN && bad == 0, "200 reservations at once all succeed");
	t_ok(all_differ(g, (size_t)n), "no two of them share a range or a proxy uid");
}

static bool reserve(const char *id, const char *pod, struct id_grant *g)
{
	struct err e = ERR_INIT;

	if (!ids_reserve(place(), root, id, pod, g, &e))
		return true;
	t_note("%s", e.msg);
	return false;
}

static void life(void)
{
	struct id_grant a = { 0 }, again = { 0 }, b = { 0 }, peek = { 0 };
	struct err e = ERR_INIT;

	clean_book();
	make_container("a");
	make_container("b");
	t_ok(ids_peek(place(), &peek, &e) == 0 && peek.base == IDS_BASE, "peek shows the first range");
	t_ok(reserve("a", NULL, &a) && a.base == peek.base && a.size == ID_GRANT_SIZE,
	     "the first reservation is what peek showed");
	t_ok(a.egress_uid >= IDS_EGRESS_BASE && a.egress_uid < 0x7fffffff,
	     "the proxy's uid is from the range that no container maps");
	t_ok(reserve("a", NULL, &again) && again.base == a.base, "asking twice gives the same");
	t_ok(ids_release(place(), root, "a", &e) == 0 && reserve("b", NULL, &b) && b.base != a.base,
	     "a released range rests: the next container gets another");
	t_ok(ids_release(place(), root, "nobody", &e) == 0, "releasing what nobody holds is success");
	t_ok(ids_release(place(), root, "b", &e) == 0, "release");
	drop_container("a");
	drop_container("b");
}

static void pods(void)
{
	struct id_grant a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct err e = ERR_INIT;

	clean_book();
	make_container("a");
	make_container("b");
	make_container("c");
	t_ok(reserve("a", "pod1", &a) && reserve("b", "pod1", &b) && a.base == b.base &&
	     a.egress_uid != b.egress_uid, "containers of one pod share a range, and no proxy uid");
	t_ok(reserve("c", "pod2", &c) && c.base != a.base, "another pod has its own");
	t_ok(ids_release(place(), root, "a", &e) == 0 && reserve("a", NULL, &d) && d.base != b.base,
	     "a pod's range stays taken while one of its containers lives");
	t_ok(ids_reserve(place(), root, "a", "-", &d, &e) == -1, "a pod cannot be called \"-\"");
	drop_container("a");
	drop_container("b");
	drop_container("c");
}

/* What people say for an id. */
static void named(void)
{
	static const struct {
		const char *name, *id, *want; /* want NULL: refused */
	} rows[] = {
		{ "an id is found", "c0ffee11", "c0ffee11" },
		{ "so is its beginning", "c0ffee1", "c0ffee11" },
		{ "an id that another one begins with is itself", "beef", "beef" },
		{ "a beginning of two is refused", "c0ffee", NULL },
		{ "one that is too short, too", "bee", NULL },
		{ "one that nobody has, too", "dead", NULL },
	};
	static const char *const ids[] = { "c0ffee11", "c0ffee22", "beef", "beefbeef" };
	struct id_grant g;

	clean_book();
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		make_container(ids[i]);
		(void)reserve(ids[i], NULL, &g);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		const char *at = NULL, *full = NULL;
		struct err e = ERR_INIT;
		bool found = ids_find(place(), &a, rows[i].id, &at, &full, &e) == 0;

		if (!t_ok(found == !!rows[i].want &&
				  (!found || (streq(full, rows[i].want) && streq(at, root))),
			  rows[i].name))
			t_note("%s %s", found ? full : "none", e.msg);
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		drop_container(ids[i]);
}

static void taken(void)
{
	struct id_grant g = { 0 };
	struct err e = ERR_INIT;

	clean_book();
	make_container("a");
	make_container("b");
	etc_files("root:x:0:0::/root:/bin/sh\nodd:x:1879113728:1::/:/bin/sh\n+nis\n",
		  "user:1879048192:10\nbroken\nuser:1879179264:65536\n#x:1:2\n");
	t_ok(reserve("a", NULL, &g) && g.base == IDS_BASE + 3 * ID_GRANT_SIZE,
	     "ranges that touch /etc/subuid or /etc/passwd are passed over");
	etc_files("", "all:0:4294967295\n");
	t_ok(ids_reserve(place(), root, "b", NULL, &g, &e) == -1 && e.kind == ERR_STATE,
	     "nothing is given out where everything is taken");
	etc_files("root:x:0:0::/root:/bin/sh\n", "user:100000:65536\n");
	drop_container("a");
	drop_container("b");
}

static void garbage(void)
{
	static const struct { const char *name, *text; } bad[] = {
		{ "an empty first line is refused", "\n" },
		{ "another file's text is refused", "hello\n" },
		{ "another version is refused", "agentrt-ids 2 x 0\n" },
		{ "a first line without range number is refused", "agentrt-ids 1 %s x\n" },
		{ "a row cut short is refused", "agentrt-ids 1 %s 1\n1879048192 65536 214\n" },
		{ "a row without a root is refused", "agentrt-ids 1 %s 1\n1879048192 65536 2147418112 - a \n" },
	};
	auto_free char *path = in(dir, ".ids");
	char boot[37];

	state_boot_id(boot);
	make_container("a");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct id_grant g;
		struct err e = ERR_INIT;
		char text[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), bad[i].text, boot);
#pragma GCC diagnostic pop
		put(path, text);
		t_ok(ids_reserve(place(), root, "a", NULL, &g, &e) == -1 && e.kind == ERR_INPUT, bad[i].name);
	}
	drop_container("a");
}

static void others(void)
{
	auto_free char *path = in(dir, ".ids"), *row = NULL;
	struct id_grant g = { 0 };
	char boot[37];

	state_boot_id(boot);
	make_container("a");
	row = xasprintf("agentrt-ids 1 00000000-0000-0000-0000-000000000000 7\n%u 65536 %u - z %s\n",
			IDS_BASE, IDS_EGRESS_BASE, root);
	put(path, row);
	t_ok(reserve("a", NULL, &g) && g.base == IDS_BASE, "reservations of another boot are forgotten");
	row = (free(row), xasprintf("agentrt-ids 1 %s 0\n%u 65536 %u - gone %s\n", boot, IDS_BASE,
				    IDS_EGRESS_BASE, root));
	put(path, row);
	t_ok(reserve("a", NULL, &g) && g.base == IDS_BASE && g.others_died,
	     "reservations whose container has no directory are forgotten, and it is said");
	row = (free(row), xasprintf("agentrt-ids 1 %s 0\n%u 65536 %u - far /nothing/there\n", boot, IDS_BASE,
				    IDS_EGRESS_BASE));
	put(path, row);
	t_ok(reserve("a", NULL, &g) && g.base != IDS_BASE && !g.others_died,
	     "those whose state root is not to be seen from here are kept");
	make_container("b");
	t_ok(reserve("b", NULL, &g) && !g.others_died, "where nobody died, nothing is said");
	auto_free char *half = in(dir, "..ids.new");
	put(half, "agentrt-ids 1");
	t_ok(ids_release(place(), root, "b", NULL) == 0 && access(half, F_OK) < 0,
	     "what a runtime that was killed while it wrote has left is in nobody's way, and goes");
	row = (free(row), xasprintf("agentrt-ids 1 %s 0\n%u 65536 %u - b %s\n", boot, IDS_BASE,
				    IDS_EGRESS_BASE, root));
	put(path, row);
	t_ok(reserve("a", NULL, &g) && g.base == IDS_BASE + ID_GRANT_SIZE &&
		     g.egress_uid == IDS_EGRESS_BASE + 1,
	     "when it is a taken range's turn, the next one is given");
	drop_container("b");
	drop_container("a");
}

/* Where an administrator says that ids come from. */
static void spaces(void)
{
	static const struct {
		const char *name;
		struct id_space from;
		const char *subgid; /* NULL: the same as subuid */
		uint32_t base;	    /* 0: refused */
	} rows[] = {
		{ "a range by numbers", { .first = 500000, .count = 131072 }, NULL, 500000 },
		{ "a range by numbers that another user's covers", { .first = 100000, .count = 65536 },
		  NULL, 0 },
		{ "the first range of a user that is large enough", { .user = "pool" }, NULL, 300000 },
		{ "a user's range that is the same for groups", { .user = "pool" },
		  "pool:400000:65536\n", 400000 },
		{ "a user with nothing for groups", { .user = "pool" }, "x:400000:65536\n", 0 },
		{ "a user with nothing", { .user = "nobody" }, NULL, 0 },
		{ "a user whose range is too high", { .user = "high" }, NULL, 0 },
	};
	static const char subuid[] = "user:100000:65536\npool:200000:1000\npool:300000:65537\n"
				     "pool:400000:65536\nhigh:2147483648:65536\n";
	auto_free char *gids = in(etc, "subgid");

	etc_files("root:x:0:0::/root:/bin/sh\n", subuid);
	make_container("s1");
	make_container("s2");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ids_place at = { .dir = dir, .etc = etc, .from = rows[i].from };
		struct id_grant g = { 0 };
		struct err e = ERR_INIT;
		int r;

		put(gids, rows[i].subgid ? rows[i].subgid : subuid);
		clean_book();
		r = ids_reserve(&at, root, "s1", NULL, &g, &e);
		if (!t_ok(rows[i].base ? r == 0 && g.base == rows[i].base : r < 0, rows[i].name))
			t_note("%s %u", e.msg, g.base);
	}

	struct ids_place at = { .dir = dir, .etc = etc, .from = { .first = 500000, .count = 65536 } };
	struct id_grant g;
	struct err e = ERR_INIT;

	clean_book();
	t_ok(ids_reserve(&at, root, "s1", NULL, &g, &e) == 0 &&
		     ids_reserve(&at, root, "s2", NULL, &g, &e) < 0,
	     "a range for one container is not given to two");
	at.from = (struct id_space){ .first = 530000, .count = 131072 };
	t_ok(ids_reserve(&at, root, "s2", NULL, &g, &e) == 0 && g.base == 530000 + 65536,
	     "ranges given out before the space was changed are not overlapped");
	drop_container("s1");
	drop_container("s2");
	(void)unlink(gids);
}

int main(void)
{
	if (!mkdtemp(top))
		abort();
	etc = in(top, "etc");
	dir = in(top, "run");
	root = in(top, "root with a space");
	if (mkdir(etc, 0700) || mkdir(dir, 0700) || mkdir(root, 0700))
		abort();
	etc_files("root:x:0:0::/root:/bin/sh\n", "user:100000:65536\n");
	concurrent();
	life();
	pods();
	named();
	taken();
	garbage();
	others();
	spaces();

	const char *const rm[] = { "rm", "-rf", top, NULL };
	if (fork() == 0)
		execvp("rm", (char *const *)rm);
	wait(NULL);
	return t_done();
}
