/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c - runtime/cgroup on this machine's hierarchies, then on cgroup v2 alone
 *
 * Everything happens below /agentrt-test-<time> in each hierarchy, which is removed at the end. On
 * a machine with v1 the second part runs in a mount namespace where only the v2 mount is left; it
 * then has the few controllers that v1 does not hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "cgroup/bpf_dev.h"
#include "cgroup/cgroup.h"
#include "probe/probe.h"
#include "sys/syscalls.h"
#include "tests/unit/test.h"

static struct arena arena = ARENA_INIT;
static struct plan_cg_dir dirs[CGROUP_MAX_DIRS];
static size_t n_dirs;
static bool only_v2;
static struct {
	volatile unsigned counter; /* of the process that counts */
	volatile unsigned n_joined;
} * shared;	     /* with every process that the test makes */
static long test_id; /* the pid says nothing: it is 1 in the namespace of this test */

static void find_dirs(void)
{
	struct facts *f;
	struct err e = ERR_INIT;
	if (probe_host(&arena, &f, &e) || f->n_hierarchies == 0 ||
	    f->n_hierarchies > CGROUP_MAX_DIRS) {
		printf("Bail out! no cgroups: %s\n", e.msg);
		exit(1);
	}
	n_dirs = f->n_hierarchies;
	only_v2 = f->cgroup == CGROUP_V2;
	for (size_t i = 0; i < n_dirs; i++)
		dirs[i] = (struct plan_cg_dir){
			f->hierarchies[i].controllers,
			f->hierarchies[i].mount_host,
			arena_printf(&arena, "/agentrt-test-%ld/c", test_id),
		};
}

static struct op_cgroup op(void)
{
	return (struct op_cgroup){ .v2 = only_v2, .dirs = dirs, .n_dirs = n_dirs };
}

static const char *at(size_t i, const char *rel)
{
	return arena_printf(&arena, "%s%s%s%s", dirs[i].mount_host, dirs[i].path, *rel ? "/" : "",
			    rel);
}

static bool is_there(size_t i, const char *rel)
{
	return access(at(i, rel), F_OK) == 0;
}

static bool any_there(void)
{
	for (size_t i = 0; i < n_dirs; i++)
		if (is_there(i, ""))
			return true;
	return false;
}

static char *text_of(const char *path)
{
	char *text;

	return fd_read_file(path, 1 << 20, &text, NULL, NULL) ? xstrdup("") : text;
}

static bool file_is(const char *path, const char *want)
{
	auto_free char *got = text_of(path);

	got[strcspn(got, "\n")] = '\0';
	if (!streq(got, want))
		t_note("%s is \"%s\"", path, got);
	return streq(got, want);
}

/* On v1 the child joins by itself, a moment after it was born. */
static void wait_joined(pid_t pid, unsigned n_before)
{
	siginfo_t si;

	for (int i = 0; i < 10000 && shared->n_joined == n_before; i++) {
		si.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid)
			break;
		usleep(1000);
	}
}

/* A process in all hierarchies of the cgroup. */
static pid_t spawn(const struct cgroup_fds *fds, int (*body)(void))
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	unsigned n_before = shared->n_joined;
	struct err e = ERR_INIT;

	if (fds->v2_dir >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)fds->v2_dir;
	}
	pid_t pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		if (cgroup_join_self(fds, &e))
			_exit(99);
		shared->n_joined++;
		_exit(body());
	}
	if (pid < 0) { /* -1 must never reach kill(): it means every process there is */
		printf("Bail out! clone3: %s\n", strerror(errno));
		exit(1);
	}
	wait_joined(pid, n_before);
	return pid;
}

static int body_sleep(void)
{
	pause();
	return 0;
}

static int body_count(void)
{
	while (++shared->counter)
		usleep(1000);
	return 0;
}

/* 0: every line of /proc/self/cgroup that belongs to a directory of ours says so. */
static int body_is_in(void)
{
	auto_free char *text = text_of("/proc/self/cgroup");
	size_t found = 0;

	for (const char *p = text; (p = strstr(p, dirs[0].path)); p++)
		found++;
	return found == n_dirs ? 0 : 1;
}

static int body_devices(void)
{
	auto_close int null = open("/dev/null", O_RDWR), null_r = open("/dev/null", O_RDONLY);
	auto_close int zero_r = open("/dev/zero", O_RDONLY), zero_w = open("/dev/zero", O_WRONLY);
	int zero_errno = errno;
	auto_close int full = open("/dev/full", O_RDONLY);

	return (null >= 0 && null_r >= 0 ? 0 : 1) | (zero_r >= 0 ? 0 : 2) |
	       (zero_w < 0 && zero_errno == EPERM ? 0 : 4) | (full < 0 && errno == EPERM ? 0 : 8);
}

/* Its exit status, or minus the signal; a process that does not end in time is an answer too. */
static int status_of(pid_t pid)
{
	int status;

	for (int i = 0; i < 10000; i++) {
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		if (done < 0)
			return -1;
		usleep(1000);
	}
	kill(pid, SIGKILL);
	return -1;
}

static bool refused(const struct op_cgroup *cg, const char *text, const char *name)
{
	struct cgroup_fds fds;
	struct err e = ERR_INIT;
	bool made = cgroup_make(cg, &fds, &e) == 0;

	if (made)
		cgroup_fds_done(&fds);
	bool ok = t_ok(!made && strstr(e.msg, text), name);
	if (!ok)
		t_note("made %d: %s", made, e.msg);
	return ok;
}

static bool succeeds(int r, const struct err *e, const char *name)
{
	bool ok = t_ok(r == 0, name);

	if (!ok)
		t_note("%s", e->msg);
	return ok;
}

static void join_and_remove(void)
{
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;

	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup is made in every hierarchy"))
		return;
	t_ok(status_of(spawn(&fds, body_is_in)) == 0, "the child is in all of them");
	cgroup_fds_done(&fds);
	succeeds(cgroup_open(&cg, &fds, &e), &e, "it is opened again for exec");
	t_ok(status_of(spawn(&fds, body_is_in)) == 0, "and joined again");
	cgroup_fds_done(&fds);
	succeeds(cgroup_remove(&cg, &e), &e, "it is removed");
	t_ok(!any_there(), "and nothing is left");
	succeeds(cgroup_remove(&cg, &e), &e, "removing what does not exist is success");
	t_ok(cgroup_open(&cg, &fds, &e) < 0 && e.kind == ERR_STATE, "opening it is an error");
}

/* As of another create that has made the directory, and not yet given its cpuset anything. */
static void half_made(void)
{
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < n_dirs; i++)
		mkdir(at(i, ""), 0755);
	if (succeeds(cgroup_make(&cg, &fds, &e), &e, "cgroups that are there are taken over")) {
		t_ok(status_of(spawn(&fds, body_is_in)) == 0, "and can be joined");
		cgroup_fds_done(&fds);
	}
	succeeds(cgroup_remove(&cg, &e), &e, "and are removed");
}

static void in_use(void)
{
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;
	pid_t *pids = NULL;
	size_t n = 0;

	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup for a process"))
		return;
	pid_t pid = spawn(&fds, body_sleep);
	cgroup_fds_done(&fds);
	t_ok(cgroup_pids(&cg, &pids, &n, &e) == 0 && n == 1 && pids[0] == pid,
	     "its process is listed");
	free(pids);
	refused(&cg, "holds 1 processes", "a cgroup that holds a process is not taken over");
	t_ok(kill(pid, 0) == 0 && is_there(0, ""), "and neither it nor the process is touched");

	for (size_t i = 0; i < n_dirs; i++)
		mkdir(at(i, "a"), 0755), mkdir(at(i, "a/b"), 0755);
	succeeds(cgroup_remove(&cg, &e), &e, "removing kills what is in it, with nested cgroups");
	t_ok(status_of(pid) == -SIGKILL && !any_there(), "and nothing is left");
}

/* Whether the counting process makes progress in that time; the machine may be a busy one. */
static bool counts_within(int ms)
{
	unsigned before = shared->counter;

	for (int i = 0; i < ms && shared->counter == before; i++)
		usleep(1000);
	return shared->counter != before;
}

static void freezing(void)
{
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;
	bool frozen = false;
	pid_t *pids = NULL;
	size_t n = 0;

	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup to freeze"))
		return;
	pid_t pid = spawn(&fds, body_count);
	t_ok(counts_within(5000), "a process in it counts");
	succeeds(cgroup_freeze(&cg, true, &e), &e, "it freezes");
	t_ok(cgroup_is_frozen(&cg, &frozen, &e) == 0 && frozen, "and says so");
	t_ok(!counts_within(100), "and the process does not count any more");
	succeeds(cgroup_freeze(&cg, false, &e), &e, "it thaws");
	t_ok(cgroup_is_frozen(&cg, &frozen, &e) == 0 && !frozen, "and says so");
	t_ok(counts_within(5000), "and the process counts again");
	succeeds(cgroup_freeze(&cg, true, &e), &e, "it freezes again");
	succeeds(cgroup_kill(&cg, SIGKILL, &e), &e, "killing works on a frozen cgroup");
	t_ok(status_of(pid) == -SIGKILL, "and the process is gone");
	succeeds(cgroup_freeze(&cg, true, &e), &e, "the empty cgroup freezes");
	refused(&cg, "is frozen", "a frozen cgroup is not taken over");
	succeeds(cgroup_freeze(&cg, false, &e), &e, "the empty cgroup thaws");

	cgroup_fds_done(&fds);
	succeeds(cgroup_remove(&cg, &e), &e, "the cgroup is removed");

	/* A new one: Linux 6.18 kills what is born by CLONE_INTO_CGROUP where cgroup.kill was
	 * written. */
	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "another one with the same name"))
		return;
	pid = spawn(&fds, body_sleep);
	pid_t second = spawn(&fds, body_sleep);
	t_ok(cgroup_pids(&cg, &pids, &n, &e) == 0 && n == 2, "two processes are in it");
	free(pids);
	succeeds(cgroup_kill(&cg, SIGTERM, &e), &e, "another signal is sent to all");
	int first_status = status_of(pid), second_status = status_of(second);
	if (!t_ok(first_status == -SIGTERM && second_status == -SIGTERM, "and reaches both"))
		t_note("%d %d", first_status, second_status);
	t_ok(cgroup_is_frozen(&cg, &frozen, &e) == 0 && !frozen, "and nothing stays frozen");
	cgroup_fds_done(&fds);
	succeeds(cgroup_remove(&cg, &e), &e, "the cgroup is removed");
}

static void devices(void)
{
	struct plan_dev_rule rules[] = {
		{ .allow = false,
		  .type = 'a',
		  .major = -1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true,
		  .type = 'c',
		  .major = 1,
		  .minor = 3,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true, .type = 'c', .major = 1, .minor = 5, .read = true },
	};
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;

	cg.devices = rules;
	cg.n_devices = ARRAY_SIZE(rules);
	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup with device rules"))
		return;
	int status = status_of(spawn(&fds, body_devices));
	t_ok(status >= 0 && !(status & 1),
	     "a device that is allowed opens for reading and writing");
	t_ok(status >= 0 && !(status & 2), "one that may be read opens for reading");
	t_ok(status >= 0 && !(status & 4), "but not for writing");
	t_ok(status >= 0 && !(status & 8), "one that is not named does not open");

	rules[2].allow = false;
	succeeds(cgroup_apply(&cg, &e), &e, "rules are replaced in a cgroup in use");
	t_ok(status_of(spawn(&fds, body_devices)) == 2, "and the new ones hold instead");
	cgroup_fds_done(&fds);
	succeeds(cgroup_remove(&cg, &e), &e, "the cgroup is removed");
}

/* The writes that a machine's controllers allow to test. */
static void limits(void)
{
	struct plan_cg_write w[] = {
		{ "memory", "memory.memsw.limit_in_bytes", "67108864", FAIL_IGNORE, "swap", NULL },
		{ "memory", "memory.limit_in_bytes", "67108864", FAIL_STOP, "limit", NULL },
		{ "pids", "pids.max", "7", FAIL_STOP, "pids", NULL },
		{ "cpu", "cpu.shares", "512", FAIL_STOP, "shares", NULL },
	};
	struct op_cgroup cg = op();
	struct cgroup_fds fds;
	struct err e = ERR_INIT;

	if (only_v2) {
		t_skip("limits are written", "v1 file names");
		return;
	}
	cg.writes = w;
	cg.n_writes = ARRAY_SIZE(w);
	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup with limits"))
		return;
	cgroup_fds_done(&fds);
	for (size_t i = 0; i < n_dirs; i++)
		if (streq(dirs[i].controllers, "pids"))
			t_ok(file_is(at(i, "pids.max"), "7"), "pids.max holds what the plan says");
		else if (streq(dirs[i].controllers, "memory"))
			t_ok(file_is(at(i, "memory.limit_in_bytes"), "67108864"),
			     "so does the memory limit");
	w[0].value = w[1].value = "134217728";
	struct plan_cg_write swap = w[0];
	w[0] = w[1], w[1] = swap;
	succeeds(cgroup_apply(&cg, &e), &e, "limits are raised whatever their order");
	succeeds(cgroup_remove(&cg, &e), &e, "the cgroup is removed");

	w[2].value = "many";
	refused(&cg, "pids: write \"many\" to pids.max",
		"a value that the kernel refuses is named");
	t_ok(!any_there(), "and nothing is left of the cgroup");
}

static void refusals(void)
{
	struct plan_cg_write w = { "", "../x", "1", FAIL_STOP, "linux.resources.unified", NULL };
	struct op_cgroup cg = op();
	struct plan_cg_dir dir = dirs[n_dirs - 1];

	cg.dirs = &dir;
	cg.n_dirs = 1;
	cg.v2 = dir.controllers[0] == '\0';
	dir.path = "/";
	refused(&cg, "cannot have the root cgroup", "the root cgroup is refused");
	dir.path = "/agentrt-test/../x";
	refused(&cg, "\"..\" is not a name", "dot-dot in the path is refused");
	dir = dirs[n_dirs - 1];
	dir.mount_host = "/tmp";
	refused(&cg, "no cgroup v", "a mount that is no cgroup is refused");
	cg = op();
	cg.writes = &w;
	cg.n_writes = 1;
	if (dirs[n_dirs - 1].controllers[0] == '\0')
		refused(&cg, "not the name of a cgroup file",
			"a file name that leads elsewhere is refused");
	if (!only_v2) {
		cg.dirs = dirs;
		cg.n_dirs = n_dirs - (dirs[n_dirs - 1].controllers[0] == '\0');
		w = (struct plan_cg_write){ "nosuch", "nosuch.max", "1", FAIL_STOP,
					    "linux.resources.nosuch", NULL };
		refused(&cg, "no cgroup hierarchy with the controller \"nosuch\"",
			"a limit without a hierarchy is refused, not forgotten");
	}
	t_ok(!any_there(), "nothing is left of any of them");
}

static void put(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		t_note("write %s to %s: %s", text, path, strerror(errno));
}

/* No controller of @file stays enabled: only then may the directory itself hold processes. */
static void disable_below(const char *file)
{
	auto_free char *on = text_of(file);

	for (char *save, *c = strtok_r(on, " \n", &save); c; c = strtok_r(NULL, " \n", &save))
		put(file, arena_printf(&arena, "-%s", c));
}

/* What only v2 has: threads, delegation, no processes above controllers. */
static void v2_rules(void)
{
	struct op_cgroup cg = op();
	struct plan_cg_dir dir = dirs[n_dirs - 1], above = dir;
	struct plan_cg_write w = { "hugetlb", "hugetlb.2MB.max", "0", FAIL_STOP,
				   "linux.resources.hugepageLimits", NULL };
	struct cgroup_fds fds;
	struct err e = ERR_INIT;
	struct stat st;

	cg.dirs = &dir;
	cg.n_dirs = 1;
	cg.chown = true;
	cg.owner_uid = cg.owner_gid = 123456;
	if (succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup that is delegated")) {
		cgroup_fds_done(&fds);
		t_ok(stat(at(n_dirs - 1, ""), &st) == 0 && st.st_uid == 123456,
		     "the directory is the owner's");
		t_ok(stat(at(n_dirs - 1, "cgroup.procs"), &st) == 0 && st.st_uid == 123456 &&
			     st.st_gid == 123456,
		     "so is cgroup.procs");
		t_ok(stat(at(n_dirs - 1, "cgroup.freeze"), &st) == 0 && st.st_uid == 0,
		     "cgroup.freeze is not");
		succeeds(cgroup_remove(&cg, &e), &e, "it is removed");
	}
	cg.chown = false;
	above.path =
		arena_printf(&arena, "%.*s", (int)(strrchr(dir.path, '/') - dir.path), dir.path);
	struct op_cgroup parent = { .v2 = true, .dirs = &above, .n_dirs = 1 };
	if (!succeeds(cgroup_make(&parent, &fds, &e), &e, "a parent of it"))
		return;
	auto_free char *controllers = text_of(
		arena_printf(&arena, "%s%s/cgroup.controllers", above.mount_host, above.path));
	if (strstr(controllers, "hugetlb")) {
		disable_below(arena_printf(&arena, "%s%s/cgroup.subtree_control", above.mount_host,
					   above.path));
		pid_t pid = spawn(&fds, body_sleep);

		cg.writes = &w;
		cg.n_writes = 1;
		refused(&cg, "holds processes of its own",
			"controllers below a cgroup with processes are an error that explains");
		kill(pid, SIGKILL);
		status_of(pid);
		cg.n_writes = 0;
	} else {
		t_skip("controllers below a cgroup with processes", "no hugetlb controller on v2");
	}
	cgroup_fds_done(&fds);
	const char *threaded = arena_printf(&arena, "%s%s/t", above.mount_host, above.path);
	mkdir(threaded, 0755);
	put(arena_printf(&arena, "%s/cgroup.type", threaded), "threaded");
	dir.path = arena_printf(&arena, "%s/t/c", above.path);
	refused(&cg, "a container needs a domain cgroup",
		"a cgroup below a threaded one is refused");
	succeeds(cgroup_remove(&parent, &e), &e, "all of it is removed");
}

static void statistics(void)
{
	struct op_cgroup cg = op();
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct cgroup_fds fds;
	struct err e = ERR_INIT;

	if (!succeeds(cgroup_make(&cg, &fds, &e), &e, "a cgroup to count"))
		return;
	status_of(spawn(&fds, body_is_in));
	cgroup_fds_done(&fds);
	cgroup_stats(&cg, &b);
	t_ok(str_has_prefix(b.p, "{\"cpu\":{\"usage\":{\"total\":") && str_has_suffix(b.p, "null}"),
	     "statistics have the engines' shape");
	t_ok(!strstr(b.p, "{\"total\":0,"), "and CPU time was counted");
	if (!t_ok(only_v2 || strstr(b.p, "\"memory\":{\"cache\":"), "and memory where it is"))
		t_note("%s", b.p);
	succeeds(cgroup_remove(&cg, &e), &e, "the cgroup is removed");
}

/* Whatever a failed test has left, thawed and removed; the PID namespace has ended by then. */
static void clean_up(void)
{
	struct op_cgroup cg = op();

	(void)cgroup_freeze(&cg, false, NULL);
	(void)cgroup_remove(&cg, NULL);
	for (size_t i = 0; i < n_dirs; i++)
		rmdir(arena_printf(&arena, "%s/agentrt-test-%ld", dirs[i].mount_host, test_id));
}

static void suite(void)
{
	find_dirs();
	join_and_remove();
	half_made();
	in_use();
	freezing();
	devices();
	limits();
	refusals();
	if (dirs[n_dirs - 1].controllers[0] == '\0')
		v2_rules();
	statistics();
	clean_up();
}

/* The v2 mount alone, over /sys/fs/cgroup, in a mount namespace that ends with this process. */
static bool leave_v1(void)
{
	const char *v2 = dirs[n_dirs - 1].mount_host;

	if (dirs[n_dirs - 1].controllers[0] || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	auto_close int tree = sys_open_tree(AT_FDCWD, v2, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	while (umount2("/sys/fs/cgroup", MNT_DETACH) == 0)
		;
	return tree >= 0 &&
	       sys_move_mount(tree, "", AT_FDCWD, "/sys/fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

static int whole(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	suite();
	if (only_v2)
		t_skip("the same on cgroup v2 alone", "this machine has nothing else");
	else if (!leave_v1())
		t_skip("the same on cgroup v2 alone", "no v2 hierarchy, or no mount namespace");
	else
		suite();
	arena_done(&arena);
	return t_done();
}

/* In a PID namespace of its own: whatever goes wrong, no signal reaches another process. */
int main(void)
{
	struct timespec now;
	int status = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid() != 0) {
		t_skip("cgroups", "needs root");
		return t_done();
	}
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		t_skip("cgroups", "needs namespaces of its own");
		return t_done();
	}
	clock_gettime(CLOCK_REALTIME, &now);
	test_id = now.tv_sec % 100000 * 1000000000 + now.tv_nsec;
	find_dirs();
	pid_t pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || mount("proc", "/proc", "proc", 0, NULL))
			_exit(1);
		exit(whole());
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	clean_up();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
