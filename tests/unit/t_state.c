/* SPDX-License-Identifier: Apache-2.0 */
/* t_state.c - runtime/state: ids, the directory and its lock, state.json whole and broken */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "state/state.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/agentrt-t_state.XXXXXX";
static char *root;

static void ids(void)
{
	static char longest[STATE_ID_MAX + 2];
	static const struct { const char *name, *id; bool want; } rows[] = {
		{ "letters, digits and _+.- are an id", "aZ0_+.-b", true },
		{ "a 64-digit id is one", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  true },
		{ "nothing is none", "", false },
		{ "a dot is none", ".", false },
		{ "two dots are none", "..", false },
		{ "a leading dot is none", ".ids", false },
		{ "a slash is none", "a/b", false },
		{ "a space is none", "a b", false },
		{ "a newline is none", "a\n", false },
		{ "other bytes are none", "caf\xc3\xa9", false },
		{ "a colon is none", "a:b", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		t_ok(state_id_is_valid(rows[i].id) == rows[i].want, rows[i].name);
	memset(longest, 'a', STATE_ID_MAX);
	t_ok(state_id_is_valid(longest), "the longest id");
	longest[STATE_ID_MAX] = 'a';
	t_ok(!state_id_is_valid(longest), "one more is none");
}

static const struct state sample = {
	.version = STATE_VERSION,
	.id = "c1",
	.oci_version = "1.3.0",
	.bundle = "/b/\"quoted\"",
	.rootfs = "/b/rootfs",
	.created = "2026-11-21T01:40:00.123456789Z",
	.owner = "",
	.profile = "agent",
	.boot_id = "x",
	.pid = 4242,
	.pid_start = UINT64_MAX,
	.egress_pid = 4250,
	.egress_start = 7,
	.id_base = 0x70000000,
	.id_size = 65536,
	.egress_uid = 0x7fff0000,
	.ns_ino = { 1, 2, 3, 4, 5, 6, 7, UINT64_C(1) << 63 },
	.ns_e_ino = 9,
	.cg_v2 = true,
	.cg_dirs = (struct state_dir_cg[]){ { "cpu,cpuacct", "/sys/fs/cgroup/cpu", "/docker/c1" },
					    { "", "/sys/fs/cgroup/unified", "/docker/c1" } },
	.n_cg_dirs = 2,
	.upper_host = "/var/lib/agentrt/upper/c1",
	.no_new_keyring = true,
	.no_late_hooks = true,
	.annotations = (struct plan_kv[]){ { "a/b", "c" }, { "d", "" } },
	.n_annotations = 2,
};

static bool same(const struct state *a, const struct state *b)
{
	return a->version == b->version && streq(a->id, b->id) && streq(a->bundle, b->bundle) &&
	       streq(a->created, b->created) && streq(a->profile, b->profile) && a->pid == b->pid &&
	       a->pid_start == b->pid_start && a->egress_pid == b->egress_pid &&
	       a->id_base == b->id_base && a->egress_uid == b->egress_uid &&
	       memcmp(a->ns_ino, b->ns_ino, sizeof(a->ns_ino)) == 0 && a->ns_e_ino == b->ns_e_ino &&
	       a->cg_v2 == b->cg_v2 && a->cg_none == b->cg_none && a->n_cg_dirs == b->n_cg_dirs &&
	       streq(a->cg_dirs[1].mount_host, b->cg_dirs[1].mount_host) &&
	       streq(a->cg_dirs[0].controllers, b->cg_dirs[0].controllers) &&
	       streq(a->upper_host, b->upper_host) && a->no_new_keyring == b->no_new_keyring &&
	       a->no_late_hooks == b->no_late_hooks &&
	       a->n_annotations == b->n_annotations && streq(a->annotations[0].key, "a/b") &&
	       streq(a->annotations[1].value, "");
}

static void round_trip(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_close int dirfd = -1, lock = -1;
	struct err e = ERR_INIT;
	struct state *got = NULL;
	struct stat st;

	if (!t_ok(state_create_dir(root, "c1", &dirfd, &lock, &e) == 0, "a directory is made"))
		t_note("%s", e.msg);
	t_ok(fstat(dirfd, &st) == 0 && (st.st_mode & 07777) == 0700, "for nobody else to read");
	t_ok(state_load(&a, dirfd, &got, &e) == -1 && e.kind == ERR_STATE, "it has no state yet");
	t_ok(state_save(dirfd, &sample, &e) == 0, "the state is saved");
	t_ok(fstatat(dirfd, "state.json", &st, 0) == 0 && (st.st_mode & 07777) == 0600,
	     "for nobody else to read, either");
	if (t_ok(state_load(&a, dirfd, &got, &e) == 0, "and read"))
		t_ok(same(&sample, got), "reading gives what was written");
	else
		t_note("%s", e.msg);
	t_ok(state_remove_dir(root, "c1", dirfd, &e) == 0 && faccessat(dirfd, ".", F_OK, 0) == 0,
	     "the directory is removed");
	t_ok(state_open(root, "c1", false, &dirfd, &lock, &e) == -1 && e.kind == ERR_NOTFOUND &&
	     strstr(e.msg, "container does not exist"), "then the container does not exist");
}

static void broken(void)
{
	static const struct { const char *name, *text, *says; } rows[] = {
		{ "an empty state is refused", "", "state.json" },
		{ "a state cut short is refused", "{\"version\":1,\"id\":\"c", "state.json" },
		{ "garbage is refused", "\x01\x02\x03", "state.json" },
		{ "a list is refused", "[1]", "not a JSON object" },
		{ "a state without version is refused", "{\"id\":\"c\"}", "has no version" },
		{ "a newer version is refused", "{\"version\":2,\"id\":\"c\"}", "version 2" },
		{ "a version that is text is refused", "{\"version\":\"1\"}", "has no version" },
		{ "a state without pid is refused", "{\"version\":1,\"id\":\"c\"}", "state.json" },
		{ "a state with an unknown member is refused",
		  "{\"version\":1,\"id\":\"c\",\"ociVersion\":\"1\",\"bundle\":\"\",\"created\":\"\","
		  "\"profile\":\"\",\"bootId\":\"\",\"pid\":0,\"pidStart\":0,\"more\":1}", "more" },
		{ "seven namespace inodes are refused",
		  "{\"version\":1,\"id\":\"c\",\"ociVersion\":\"1\",\"bundle\":\"\",\"created\":\"\","
		  "\"profile\":\"\",\"bootId\":\"\",\"pid\":0,\"pidStart\":0,"
		  "\"nsInodes\":[1,2,3,4,5,6,7]}", "nsInodes" },
	};
	auto_close int dirfd = -1, lock = -1;
	struct err e = ERR_INIT;

	if (state_create_dir(root, "broken", &dirfd, &lock, &e))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct err why = ERR_INIT;
		struct state *s;

		if (fd_write_file_at(dirfd, "state.json", rows[i].text, strlen(rows[i].text), 0600, &e))
			abort();
		if (!t_ok(state_load(&a, dirfd, &s, &why) == -1 && why.kind != ERR_STATE &&
			  strstr(why.msg, rows[i].says), rows[i].name))
			t_note("%s", why.msg);
	}
	t_ok(state_remove_dir(root, "broken", dirfd, &e) == 0, "what is broken can be removed");
}

static void directories(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_close int dirfd = -1, lock = -1;
	struct err e = ERR_INIT;
	const char **list;
	int fd, l;
	size_t n;

	t_ok(state_create_dir(root, "../x", &fd, &l, &e) == -1 && e.kind == ERR_INPUT &&
	     strstr(e.msg, "invalid container ID format"), "an invalid id makes nothing");
	t_ok(state_create_dir("/", "x", &fd, &l, &e) == -1, "the root directory is no state root");
	if (chmod(root, 0777))
		abort();
	t_ok(state_create_dir(root, "x", &fd, &l, &e) == -1 && e.kind == ERR_DENIED,
	     "a state root that others may write is refused");
	if (chmod(root, 0711))
		abort();
	if (state_create_dir(root, "b", &dirfd, &lock, &e) || mkdirat(dirfd, "sub", 0700))
		abort();
	t_ok(state_create_dir(root, "b", &fd, &l, &e) == -1 && e.kind == ERR_STATE &&
	     strstr(e.msg, "container with given ID already exists"), "an id is taken once");
	t_ok(state_is_locked(dirfd), "whoever creates holds the lock");
	t_ok(state_open(root, "b", false, &fd, &l, &e) == 0 && l == -1, "readers need no lock");
	fd_close(&fd);
	t_ok(state_list(&a, root, &list, &n, &e) == 0 && n == 1 && streq(list[0], "b"),
	     "the list has it and nothing else");
	fd_close(&lock);
	t_ok(!state_is_locked(dirfd), "the lock goes with its holder");
	t_ok(state_remove_dir(root, "b", dirfd, &e) == 0, "a directory with content is removed");
	t_ok(state_list(&a, "/nonexistent/agentrt", &list, &n, &e) == 0 && n == 0,
	     "a root that does not exist has no containers");
}

/* Waits for the lock of a container that is deleted meanwhile. */
static void waiting(void)
{
	auto_close int dirfd = -1, lock = -1;
	struct err e = ERR_INIT;
	int status, fd, l;

	if (state_create_dir(root, "w", &dirfd, &lock, &e))
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		fd_close(&lock);
		_exit(state_open(root, "w", true, &fd, &l, &e) == -1 && e.kind == ERR_NOTFOUND ? 0 : 1);
	}
	usleep(100 * 1000);
	if (state_remove_dir(root, "w", dirfd, &e))
		t_note("%s", e.msg);
	fd_close(&lock);
	t_ok(waitpid(pid, &status, 0) == pid && status == 0,
	     "who waited for the lock of a deleted container learns that it does not exist");
}

static void processes(void)
{
	uint64_t start = proc_start_time(getpid());
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	uint64_t child = proc_start_time(pid);
	siginfo_t si;

	t_ok(start > 0 && proc_is_same(getpid(), start), "a living process is the same");
	t_ok(!proc_is_same(getpid(), start + 1), "another start time is another process");
	(void)waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	t_ok(!proc_is_same(pid, child), "a zombie is gone");
	(void)waitpid(pid, NULL, 0);
	t_ok(proc_start_time(pid) == 0 && !proc_is_same(pid, child), "a reaped process is gone");
	t_ok(!proc_is_same(0, 0) && !proc_is_same(-1, 0), "no pid is no process");
}

static void status(void)
{
	auto_close int dirfd = -1, lock = -1;
	struct state s = sample;
	struct err e = ERR_INIT;
	char boot[37];

	state_boot_id(boot);
	s.boot_id = boot;
	s.pid = 0;
	if (state_create_dir(root, "s", &dirfd, &lock, &e))
		abort();
	t_ok(state_status(dirfd, &s) == STATUS_CREATING, "no pid and a maker at work: creating");
	fd_close(&lock);
	t_ok(state_status(dirfd, &s) == STATUS_STOPPED, "no pid and no maker: stopped");
	s.pid = getpid();
	s.pid_start = proc_start_time(s.pid);
	t_ok(state_status(dirfd, &s) == STATUS_RUNNING, "alive and no gate: running");
	t_ok(mkfifoat(dirfd, "gate", 0600) == 0 && state_status(dirfd, &s) == STATUS_CREATED,
	     "alive before the gate: created");
	s.pid_start++;
	t_ok(state_status(dirfd, &s) == STATUS_STOPPED, "another process of that pid: stopped");
	s.pid_start--;
	s.boot_id = "another";
	t_ok(state_status(dirfd, &s) == STATUS_STOPPED, "the same pid of another boot: stopped");
	if (state_remove_dir(root, "s", dirfd, &e))
		abort();
}

static void document(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	state_print(&b, &sample, STATUS_RUNNING, 4242);
	if (!t_ok(streq(b.p, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":4242,\"status\":\"running\","
			"\"bundle\":\"/b/\\\"quoted\\\"\",\"rootfs\":\"/b/rootfs\","
			"\"created\":\"2026-11-21T01:40:00.123456789Z\","
			"\"annotations\":{\"a/b\":\"c\",\"d\":\"\"},\"owner\":\"\"}"),
		  "the state document is compact and leaves slashes alone"))
		t_note("%s", b.p);
}

static const struct {
	const char *name, *plan, *path, *upper; /* path NULL: nothing can be saved */
} salvages[] = {
	{ "a plan names the cgroup and the upper directory",
	  "{\"bundle_host\":\"/b\",\"ops\":[{\"op\":\"cgroup\",\"args\":{\"v2\":true,\"dirs\":["
	  "{\"controllers\":\"\",\"mount_host\":\"/sys/fs/cgroup\",\"path\":\"/c1\"}]}},"
	  "{\"op\":\"root\",\"args\":{\"upper_dir_host\":\"/u/c1\"}}]}",
	  "/c1", "/u/c1" },
	{ "without a cgroup its processes cannot be found",
	  "{\"ops\":[{\"op\":\"cgroup\",\"args\":{\"none\":true}}]}", NULL, NULL },
	{ "a plan of another shape is refused", "{\"ops\":{\"op\":5}}", NULL, NULL },
	{ "so is one that was cut short", "{\"ops\":[", NULL, NULL },
};

static void salvage(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(salvages); i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_close int dirfd = -1, lock = -1;
		struct err e = ERR_INIT;
		struct state *s = NULL;

		t_ok(state_create_dir(root, "torn", &dirfd, &lock, &e) == 0 &&
			     fd_write_file_at(dirfd, "plan.json", salvages[i].plan,
					      strlen(salvages[i].plan), 0600, &e) == 0,
		     "a directory with a plan alone");
		bool saved = state_salvage(&a, dirfd, "torn", &s, &e) == 0;

		if (!salvages[i].path)
			t_ok(!saved && e.msg[0], salvages[i].name);
		else
			t_ok(saved && s->n_cg_dirs == 1 && streq(s->cg_dirs[0].path, salvages[i].path) &&
				     streq(s->upper_host, salvages[i].upper) && s->cg_v2 && !s->pid,
			     salvages[i].name);
		(void)state_remove_dir(root, "torn", dirfd, &e);
	}
}

int main(void)
{
	if (!mkdtemp(top))
		abort();
	root = xasprintf("%s/a/root", top);
	ids();
	round_trip();
	salvage();
	broken();
	directories();
	waiting();
	processes();
	status();
	document();

	const char *const rm[] = { "rm", "-rf", top, NULL };
	if (fork() == 0)
		execvp("rm", (char *const *)rm);
	wait(NULL);
	return t_done();
}
