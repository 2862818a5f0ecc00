/* SPDX-License-Identifier: Apache-2.0 */
/* t_seccomp.c - rules into programs: what the kernel makes of them, and the cache of programs */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "exec/seccomp_compile.h"
#include "sys/syscalls.h"
#include "tests/unit/filter_help.h"
#include "test.h"

#define NR_FUTURE 1000 /* no architecture has got that far */
#define LOW_32	  0xffffffffu

static const char *basics[] = { "read", "write", "exit", "exit_group", "getpid", "rt_sigreturn",
				"no_such_call_yet" };
static const char *sockets[] = { "socket" };
static const char *persona[] = { "personality" };
static struct plan_sc_arg inet_only[] = {
	{ .index = 0, .op = SCMP_CMP_MASKED_EQ, .value = LOW_32, .value_two = AF_INET },
};
static struct plan_sc_arg two_values[] = {
	{ .index = 0, .op = SCMP_CMP_EQ, .value = 0 },
	{ .index = 0, .op = SCMP_CMP_EQ, .value = 8 },
};
static struct plan_sc_rule rules[] = {
	{ .names = basics, .n_names = ARRAY_SIZE(basics), .action = SCMP_ACT_ALLOW },
	{ .names = sockets, .n_names = 1, .action = SCMP_ACT_ALLOW, .args = inet_only, .n_args = 1 },
	{ .names = persona, .n_names = 1, .action = SCMP_ACT_ALLOW, .args = two_values, .n_args = 2 },
	{ .names = persona, .n_names = 1, .action = SCMP_ACT_ERRNO(EPERM) }, /* says the default */
};

static struct op_seccomp some_filter(void)
{
	return (struct op_seccomp){ .default_action = SCMP_ACT_ERRNO(EPERM),
				    .rules = rules,
				    .n_rules = ARRAY_SIZE(rules),
				    .bad_arch_action = SCMP_ACT_KILL_PROCESS,
				    .enosys_for_newer = true };
}

static const struct {
	const char *name;
	long nr, a0;
	bool enosys;
	int expect;
} calls[] = {
	{ "a listed call is allowed", SYS_getpid, 0, true, 0 },
	{ "a known call that is not listed gets the default", SYS_getppid, 0, true, EPERM },
	{ "a call newer than any listed one is unknown, not forbidden", NR_FUTURE, 0, true, ENOSYS },
	{ "unless that was not asked for", NR_FUTURE, 0, false, EPERM },
	{ "a listed socket family is allowed", SYS_socket, AF_INET, true, 0 },
	{ "another family is refused", SYS_socket, AF_UNIX, true, EPERM },
	{ "high bits do not hide a family", SYS_socket, 0x100000000L | AF_UNIX, true, EPERM },
	{ "high bits that the kernel drops do not matter to a masked compare", SYS_socket,
	  0x100000000L | AF_INET, true, 0 },
	{ "two comparisons of one argument mean either: the first", SYS_personality, 0, true, 0 },
	{ "two comparisons of one argument mean either: the second", SYS_personality, 8, true, 0 },
	{ "and nothing else", SYS_personality, 4, true, EPERM },
};

static void test_calls(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct op_seccomp s = some_filter();
		struct seccomp_prog p = { 0 };
		struct err e = ERR_INIT;
		const uint64_t args[6] = { (uint64_t)calls[i].a0, SOCK_STREAM };
		int got = -1;

		s.enosys_for_newer = calls[i].enosys;
		if (!t_ok(seccomp_compile(&s, &p, &e) == 0 &&
				  (got = behind_filter(&p, calls[i].nr, args)) == calls[i].expect,
			  calls[i].name))
			t_note("%s; got %d", e.msg, got);
		free(p.data);
	}
}

#if defined(__x86_64__)
/* getpid by the i386 entry point: 0, or the number of the signal that ended it. */
static int by_int80(const struct seccomp_prog *p)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct sock_fprog prog = {
			.len = (unsigned short)(p->n_bytes / sizeof(struct sock_filter)),
			.filter = p->data
		};
		long ret;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog))
			_exit(255);
		__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20) : "memory");
		_exit(ret > 0 ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_archs(void)
{
	static const uint64_t none[6];
	uint32_t both[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86 };
	struct op_seccomp s = some_filter();
	struct seccomp_prog p = { 0 }, q = { 0 };

	t_ok(seccomp_compile(&s, &p, NULL) == 0 && by_int80(&p) == SIGSYS,
	     "the entry point of an architecture that is not listed is the end");
	s.archs = both;
	s.n_archs = 2;
	t_ok(seccomp_compile(&s, &q, NULL) == 0 && by_int80(&q) == 0 &&
		     behind_filter(&q, NR_FUTURE, none) == ENOSYS &&
			     behind_filter(&q, SYS_getppid, none) == EPERM,
	     "a listed one is filtered like the native one");
	free(p.data);
	free(q.data);
}
#else
static void test_archs(void)
{
	t_skip("other architectures", "only on x86-64");
}
#endif

static bool same(const struct seccomp_prog *a, const struct seccomp_prog *b)
{
	return a->n_bytes == b->n_bytes && memcmp(a->data, b->data, a->n_bytes) == 0;
}

/* The one file in the cache, opened; its name into @name. */
static int open_entry(const char *dir, const char *name)
{
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return openat(dirfd, name, O_RDWR | O_CLOEXEC);
}

static void find_entry(const char *dir, char *name, size_t size)
{
	auto_free char *cmd = xasprintf("ls %s", dir);
	FILE *f = popen(cmd, "r");

	name[0] = '\0';
	if (f && fgets(name, (int)size, f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		pclose(f);
}

static bool finds(const char *dir, const struct strbuf *in)
{
	struct seccomp_prog got = { 0 };
	bool hit = seccomp_cache_get(dir, in, &got);

	free(got.data);
	return hit;
}

static bool gets(const char *dir, const struct strbuf *in, const struct seccomp_prog *want)
{
	struct seccomp_prog got = { 0 };
	bool hit = seccomp_cache_get(dir, in, &got) && same(&got, want);

	free(got.data);
	return hit;
}

/* One byte at @at from the end turned over. */
static void damage(const char *dir, const char *name, off_t at)
{
	auto_close int fd = open_entry(dir, name);
	off_t size = lseek(fd, 0, SEEK_END);
	char c;

	if (pread(fd, &c, 1, size - at) == 1) {
		c = (char)~c;
		if (pwrite(fd, &c, 1, size - at) != 1)
			t_note("cannot write the entry");
	}
}

static void test_cache(void)
{
	char tmp[] = "/tmp/t_seccomp.XXXXXX", name[64];
	struct op_seccomp s = some_filter();
	struct seccomp_prog p = { 0 };
	auto_strbuf struct strbuf in = STRBUF_INIT, other = STRBUF_INIT;

	if (!mkdtemp(tmp) || seccomp_compile(&s, &p, NULL)) {
		t_skip("the cache", "no temporary directory");
		return;
	}
	auto_free char *dir = xasprintf("%s/cache", tmp);
	auto_free char *rm = xasprintf("rm -rf %s", tmp);

	seccomp_input(&in, &s);
	s.default_action = SCMP_ACT_ERRNO(ENOSYS);
	seccomp_input(&other, &s);
	t_ok(!finds(dir, &in), "an empty cache has nothing");
	seccomp_cache_put(dir, &in, &p);
	find_entry(dir, name, sizeof(name));
	t_ok(gets(dir, &in, &p), "what was kept comes back");
	t_ok(!finds(dir, &other), "another input does not find it");

	auto_free char *entry = xasprintf("%s/%s", dir, name);
	struct stat st;

	t_ok(stat(entry, &st) == 0 && (st.st_mode & 07777) == 0600 && stat(dir, &st) == 0 &&
		     (st.st_mode & 07777) == 0700,
	     "directory and entry are its owner's alone");
	damage(dir, name, 4);
	t_ok(!finds(dir, &in), "a damaged program is not used");
	seccomp_cache_put(dir, &in, &p);
	damage(dir, name, (off_t)p.n_bytes + 4);
	t_ok(!finds(dir, &in), "a damaged input is not used");
	seccomp_cache_put(dir, &in, &p);
	t_ok(gets(dir, &in, &p), "a damaged entry is replaced");
	t_ok(truncate(entry, 20) == 0 && !finds(dir, &in), "an entry cut short is not used");
	seccomp_cache_put(dir, &in, &p);
	t_ok(chmod(entry, 0622) == 0 && !finds(dir, &in),
	     "an entry that others can write is not used");
	seccomp_cache_put(dir, &in, &p);
	t_ok(chmod(dir, 0777) == 0 && !finds(dir, &in),
	     "a directory that others can write is not used");
	if (chmod(dir, 0700) || unlink(entry) || symlink("/etc/passwd", entry))
		t_note("cannot make the link");
	t_ok(!finds(dir, &in), "a link is not followed");
	if (system(rm))
		t_note("cannot remove %s", tmp);
	free(p.data);
}

static void test_inputs(void)
{
	struct op_seccomp a = some_filter(), b = some_filter();
	struct plan_sc_rule changed[ARRAY_SIZE(rules)];
	struct plan_sc_arg arg = inet_only[0];
	uint32_t arch = SCMP_ARCH_X86;
	bool differ = true;

	memcpy(changed, rules, sizeof(rules));
	for (int i = 0; i < 6; i++) {
		auto_strbuf struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;

		b = a;
		b.rules = changed;
		memcpy(changed, rules, sizeof(rules));
		switch (i) {
		case 0:
			b.default_action = SCMP_ACT_ERRNO(1000);
			break;
		case 1:
			b.bad_arch_action = SCMP_ACT_KILL_THREAD;
			break;
		case 2:
			b.archs = &arch;
			b.n_archs = 1;
			break;
		case 3:
			changed[0].n_names--;
			break;
		case 4:
			arg.value_two = AF_INET6;
			changed[1].args = &arg;
			break;
		default:
			b.enosys_for_newer = false;
		}
		seccomp_input(&x, &a);
		seccomp_input(&y, &b);
		differ = differ && (x.len != y.len || memcmp(x.p, y.p, x.len) != 0);
	}
	t_ok(differ, "whatever changes the program changes the input");
}

int main(void)
{
	test_calls();
	test_archs();
	test_cache();
	test_inputs();
	return t_done();
}
