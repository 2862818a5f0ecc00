/* SPDX-License-Identifier: Apache-2.0 */
/* t_exec.c - small parts of exec/: processor lists, passwd, running programs */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "exec/affinity.h"
#include "exec/ctx.h"
#include "exec/exec.h"
#include "exec/passwd.h"
#include "exec/proc.h"
#include "exec/rdt.h"
#include "test.h"

static const struct {
	const char *list;
	bool ok;
	unsigned long word; /* of the first 64 */
} lists[] = {
	{ "0", true, 1 },	{ "0-3", true, 0xf },	   { "1,3", true, 0xa },
	{ "0-1,4-5", true, 0x33 }, { "63", true, 1UL << 63 }, { "", false, 0 },
	{ "1,", false, 0 },	{ ",1", false, 0 },	   { "3-1", false, 0 },
	{ "-1", false, 0 },	{ "1-", false, 0 },	   { "a", false, 0 },
	{ "1 ", false, 0 },	{ "128", false, 0 },	   { "99999999999999999999", false, 0 },
	{ "0x1", false, 0 },
};

static void test_lists(void)
{
	char name[80];

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		unsigned long mask[128 / (8 * sizeof(unsigned long))] = { 0 };
		bool ok = cpu_list_parse(lists[i].list, mask, 128);

		snprintf(name, sizeof(name), "processor list \"%s\" is %s", lists[i].list,
			 lists[i].ok ? "read" : "refused");
		t_ok(ok == lists[i].ok && (!ok || mask[0] == lists[i].word), name);
	}
}

static const struct {
	const char *name, *passwd;
	uint32_t uid;
	const char *home; /* NULL: none */
} passwds[] = {
	{ "a user's home is found", "root:x:0:0:root:/root:/bin/sh\nu:x:5:5::/home/u:/bin/sh\n", 5,
	  "/home/u" },
	{ "the first of two lines counts", "a:x:5:5::/a:\nb:x:5:5::/b:\n", 5, "/a" },
	{ "a line without a shell counts", "a:x:5:5::/a\n", 5, "/a" },
	{ "a last line without its newline counts", "a:x:5:5::/a:/bin/sh", 5, "/a" },
	{ "an unknown user has none", "root:x:0:0:root:/root:/bin/sh\n", 7, NULL },
	{ "an empty home is none", "a:x:5:5:::/bin/sh\n", 5, NULL },
	{ "a short line is skipped", "a:x:5\nb:x:5:5::/b:\n", 5, "/b" },
	{ "an uid that is no number is skipped", "a:x:5x:5::/a:\n", 5, NULL },
	{ "an empty uid is not 0", "a:x::5::/a:\n", 0, NULL },
	{ "a negative uid is skipped", "a:x:-1:5::/a:\n", 4294967295u, NULL },
	{ "an empty file has nobody", "", 0, NULL },
	{ "colons alone are nobody", "::::::::\n:::\n\n", 0, NULL },
};

static void test_passwd(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(passwds); i++) {
		char home[64] = "";
		bool ok = passwd_home(passwds[i].passwd, passwds[i].uid, home, sizeof(home));

		if (!t_ok(passwds[i].home ? ok && strcmp(home, passwds[i].home) == 0 : !ok,
			  passwds[i].name))
			t_note("got \"%s\"", home);
	}
	char tiny[4];
	t_ok(!passwd_home("a:x:5:5::/too/long:\n", 5, tiny, sizeof(tiny)),
	     "a home that does not fit is none, not a part of it");
}

static int sh(const char *script, const char *input, int64_t timeout_ms, struct proc_end *end,
	      struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL }, *env[] = { "PATH=/usr/bin:/bin", NULL };
	struct proc_run r = { .path = "/bin/sh", .argv = argv, .envp = env, .input = input,
			      .timeout_ms = timeout_ms };

	return proc_run(&r, end, e);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_run(void)
{
	struct proc_end end;
	struct err e = ERR_INIT;
	static char big[300000];
	double before;

	t_ok(sh("cat; exit 3", "hello", 0, &end, &e) == 0 && WEXITSTATUS(end.status) == 3 &&
		     strcmp(end.output, "hello") == 0,
	     "a program gets its input, and its output and status come back");
	memset(big, 'x', sizeof(big) - 1);
	t_ok(sh("exit 0", big, 0, &end, &e) == 0 && end.status == 0,
	     "input that is not read is no error");
	t_ok(sh("cat | wc -c", big, 0, &end, &e) == 0 && strtol(end.output, NULL, 10) == 299999,
	     "input larger than a pipe arrives");
	t_ok(sh("head -c 100000 /dev/zero | tr '\\0' a; echo; echo end", NULL, 0, &end, &e) == 0 &&
		     strlen(end.output) == PROC_OUTPUT_MAX && strstr(end.output, "a end "),
	     "of much output the last part is kept, on one line");
	before = seconds();
	t_ok(sh("sleep 60 & sleep 60", NULL, 200, &end, &e) == 0 && end.timed_out &&
		     WIFSIGNALED(end.status) && seconds() - before < 10,
	     "a program that takes too long is killed with all it started");
	before = seconds();
	t_ok(sh("sleep 20 & exit 0", NULL, 0, &end, &e) == 0 && end.status == 0 &&
		     seconds() - before < 10,
	     "a grandchild that keeps the output open is not waited for");
	t_ok(sh("kill -9 $$", NULL, 0, &end, &e) == 0 && WIFSIGNALED(end.status) &&
		     WTERMSIG(end.status) == SIGKILL,
	     "a program that is killed says so");
	signal(SIGUSR1, SIG_IGN);
	t_ok(sh("kill -USR1 $$; exit 0", NULL, 0, &end, &e) == 0 && WIFSIGNALED(end.status),
	     "a signal that is ignored here is not ignored there");

	const char *argv[] = { "x", NULL };
	struct proc_run missing = { .path = "/no/such/program", .argv = argv, .envp = argv + 1 };

	t_ok(proc_run(&missing, &end, &e) == -1 && e.sys == ENOENT,
	     "a program that is not there is an error with its errno");
}

static const struct {
	const char *name, *want;
	bool holds;
} schemas[] = {
	{ "what the file says", "L3:0=7f0;1=1f\nMB:0=20;1=70\n", true },
	{ "a part of it", "L3:1=1f", true },
	{ "leading zeros and case make no difference", "L3:0=0007F0", true },
	{ "another value", "L3:0=7f1", false },
	{ "a value that only begins the same", "L3:0=7f", false },
	{ "another cache", "L3:2=7f0", false },
	{ "another resource", "L2:0=7f0", false },
	{ "a second line that differs", "L3:0=7f0\nMB:0=21", false },
	{ "no value", "L3:0", false },
	{ "no resource", "0=7f0", false },
};

static void test_schemas(void)
{
	static const char have[] = "    MB:0=20;1=70\n    L3:0=7f0;1=1f\n";

	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++)
		t_ok(rdt_schema_holds(have, schemas[i].want) == schemas[i].holds, schemas[i].name);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		t_note("cannot write %s", path);
}

static bool has_text(const char *dir, const char *name, const char *want)
{
	char path[256], text[64] = "";

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "r");

	if (f) {
		(void)!fgets(text, sizeof(text), f);
		fclose(f);
	}
	return streq(text, want);
}

/* The kernel fills a new directory of its file system with files; a directory in /tmp stays empty. */
static void test_rdt(void)
{
	char dir[] = "/tmp/t_exec_rdt.XXXXXX", group[64], monitor[96];
	struct op op = { .kind = OP_RDT };
	struct op_rdt *r = &op.u.rdt;
	struct exec_ctx c = { .pid = 4711 };
	struct err e = ERR_INIT;

	if (!mkdtemp(dir)) {
		t_ok(false, "a directory for the test");
		return;
	}
	snprintf(group, sizeof(group), "%s/gold", dir);
	snprintf(monitor, sizeof(monitor), "%s/mon", group);
	*r = (struct op_rdt){ .group_host = group, .must_exist = true };
	t_ok(do_rdt(&c, &op, 0, &e) && strstr(e.msg, "there is no"), "a group without a schema must exist");
	r->must_exist = false;
	r->schema = "L3:0=f\n";
	t_ok(do_rdt(&c, &op, 0, &e) && access(group, F_OK) == 0, "with one it is made");
	put_file(group, "schemata", "L3:0=f\n");
	put_file(group, "tasks", "");
	t_ok(do_rdt(&c, &op, 0, &e) == 0, "one that exists with the same schema is used");
	r->schema = "L3:0=1\n";
	t_ok(do_rdt(&c, &op, 0, &e) && strstr(e.msg, "another schema"), "with another it is refused");
	t_ok(has_text(group, "schemata", "L3:0=f\n"), "and stays as it is");
	r->schema = NULL;
	r->monitor_host = monitor;
	t_ok(do_rdt(&c, &op, 0, &e) == 0 && access(monitor, F_OK) == 0, "a monitoring group is made");
	put_file(monitor, "tasks", "");
	t_ok(do_rdt_join(&c, &op, 0, &e) == 0 && has_text(group, "tasks", "4711") &&
		     has_text(monitor, "tasks", "4711"), "the process is put into both");
	r->join_only = true;
	r->group_host = "/nothing/there";
	t_ok(do_rdt(&c, &op, 0, &e) == 0, "an exec makes nothing");
	t_ok(do_rdt_join(&c, &op, 0, &e) < 0, "but must be able to join");
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = { "gold/mon/tasks", "gold/mon", "gold/schemata", "gold/tasks" };
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	t_ok(rmdir(group) == 0 && rmdir(dir) == 0, "nothing else has appeared");
}

static void put_upper(const char *dir, const char *name, const char *owner)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);

	if (mkdir(path, 0700) == 0)
		put_file(path, UPPER_OWNER, owner);
}

static bool has_upper(const char *dir, const char *name)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

/* Uppers of one state root, which is then another directory under the same name. */
static void test_uppers(void)
{
	char top[] = "/tmp/agentrt-uppers.XXXXXX", root[64], uppers[64], moved[64], alive[64], old[128];

	if (!mkdtemp(top)) {
		t_ok(false, "a directory for uppers");
		return;
	}
	snprintf(root, sizeof(root), "%s/root", top);
	snprintf(moved, sizeof(moved), "%s/moved", top);
	snprintf(uppers, sizeof(uppers), "%s/uppers", top);
	snprintf(alive, sizeof(alive), "%s/root/alive", top);
	(void)(mkdir(root, 0700) + mkdir(uppers, 0700) + mkdir(alive, 0700));
	auto_free char *a = upper_owner_text(root, "alive"), *d = upper_owner_text(root, "dead");

	put_upper(uppers, "alive", a);
	put_upper(uppers, "dead", d);
	snprintf(old, sizeof(old), "00000000-0000-0000-0000-000000000000 1 1 %s/any", root);
	put_upper(uppers, "old", old);
	snprintf(old, sizeof(old), "%s/path", root);
	put_upper(uppers, "path", old);
	t_ok(exec_sweep_uppers(uppers) == 2 && !has_upper(uppers, "dead") && !has_upper(uppers, "old"),
	     "uppers of a container that has gone and of another boot are removed");
	t_ok(has_upper(uppers, "alive") && has_upper(uppers, "path"),
	     "those of one that lives and of nobody known stay");
	t_ok(rename(root, moved) == 0 && exec_sweep_uppers(uppers) == 0 && has_upper(uppers, "alive"),
	     "they stay where the state root is not to be seen");
	t_ok(mkdir(root, 0700) == 0 && exec_sweep_uppers(uppers) == 0 && has_upper(uppers, "alive"),
	     "and where something else is seen in its place");
	t_ok(exec_remove_upper(top, NULL) == 0, "all of it can be removed");
}

int main(void)
{
	test_schemas();
	test_rdt();
	test_lists();
	test_passwd();
	test_run();
	test_uppers();
	return t_done();
}
