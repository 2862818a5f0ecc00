// SPDX-License-Identifier: Apache-2.0
/*
 * ask.c - questions about one thing: a path, a write, a system call.
 *
 *   path=/dev/null         what it is, and whether it opens for reading and for writing
 *   read=/proc/sys/x       its text (64 KiB at most)
 *   write=/a/new/file      whether a file can be made and written there; it is removed again
 *   append=/proc/sys/x     whether an existing file opens for writing and takes its own text back
 *   list=/dir              the names in a directory
 *   exec=/a/program        whether it can be executed (status of "program exit 0")
 *   follow=/a/link         whether a symbolic link can be followed
 *   mknod=c,1,3            whether such a node can be made below /tmp, and then opened
 *   call=mkdirat,0,0x10    a system call in a child: its error, or the signal that it died of
 *   statfs=/x              type and flags of the file system
 *   dup=3                  what can be read from an inherited descriptor
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[PROBE_TEXT_MAX];

static const char *opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return name_errno(err);
}

static void ask_path(const char *key, const char *path)
{
	static const struct probe_name types[] = { { "c", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO },
						   { "s", S_IFSOCK }, { "f", S_IFREG }, { "d", S_IFDIR },
						   { "l", S_IFLNK } };
	struct stat st;
	char buf[512];
	ssize_t n;

	json_open(key, '{');
	if (lstat(path, &st)) {
		json_str("error", name_errno(errno));
		json_close('}');
		return;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((long)(st.st_mode & S_IFMT) == types[i].value)
			json_str("type", types[i].name);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, buf, sizeof(buf));
		json_text("link", buf, n > 0 ? (size_t)n : 0);
		if (stat(path, &st))
			st.st_mode = 0;
	}
	snprintf(buf, sizeof(buf), "%04o", (unsigned int)(st.st_mode & 07777));
	json_str("mode", buf);
	json_num("uid", st.st_uid);
	json_num("gid", st.st_gid);
	json_num("size", st.st_size);
	json_num("major", major(st.st_rdev));
	json_num("minor", minor(st.st_rdev));
	json_num("inode", (long long)st.st_ino);
	json_num("on", (long long)st.st_dev);
	json_str("opens_r", opens(path, O_RDONLY));
	if (!S_ISDIR(st.st_mode))
		json_str("opens_w", opens(path, O_WRONLY));
	json_close('}');
}

static void ask_read(const char *key, const char *path)
{
	int n = read_file(path, text, sizeof(text));

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n >= 0)
		json_text(key, text, (size_t)n);
	else
		json_str(key, name_errno(-n));
}

static void ask_write(const char *key, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), err = fd < 0 ? errno : 0;

	if (fd >= 0) {
		if (write(fd, "x", 1) != 1)
			err = errno;
		close(fd);
		unlink(path);
	}
	json_str(key, name_errno(err));
}

static void ask_append(const char *key, const char *path)
{
	int n = read_file(path, text, sizeof(text)), err = 0;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || (n > 0 && write(fd, text, (size_t)n) != n))
		err = errno;
	if (fd >= 0)
		close(fd);
	json_str(key, name_errno(err));
}

static void ask_list(const char *key, const char *path)
{
	DIR *d = opendir(path);

	if (!d) {
		json_str(key, name_errno(errno));
		return;
	}
	json_open(key, '[');
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			json_str(NULL, e->d_name);
	json_close(']');
	closedir(d);
}

/* Says how a child ended: its number as an error, or the signal. */
static void report_child(const char *key, pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		json_str(key, "cannot fork");
	} else if (WIFSIGNALED(status)) {
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
		json_str(key, text);
	} else {
		json_str(key, name_errno(WEXITSTATUS(status)));
	}
}

static void ask_exec(const char *key, const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, "exit", "0", (char *)NULL);
		_exit(errno);
	}
	report_child(key, pid);
}

static void ask_call(const char *key, const char *what)
{
	long number, arg[6] = { 0 };
	char *args, *save = NULL;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", what);
	args = strchr(text, ',');
	if (args)
		*args++ = '\0';
	number = name_syscall(text);
	if (number < 0) {
		json_str(key, "the probe does not know this call");
		return;
	}
	for (size_t i = 0; args && i < 6; i++) {
		char *p = strtok_r(i ? NULL : args, ",", &save);

		if (!p)
			break;
		arg[i] = (long)strtoull(p, NULL, 0);
	}
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		long ret = syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);

		_exit(ret == -1 ? errno : 0);
	}
	report_child(key, pid);
}

static void ask_mknod(const char *key, const char *what)
{
	static const char path[] = "/tmp/probe-node";
	unsigned int major_nr = 0, minor_nr = 0;
	char type = 0;

	sscanf(what, "%c,%u,%u", &type, &major_nr, &minor_nr);
	json_open(key, '{');
	if (mknod(path, (type == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major_nr, minor_nr))) {
		json_str("mknod", name_errno(errno));
	} else {
		json_str("mknod", "ok");
		json_str("opens_r", opens(path, O_RDONLY));
		json_str("opens_w", opens(path, O_WRONLY));
		unlink(path);
	}
	json_close('}');
}

static void ask_statfs(const char *key, const char *path)
{
	struct statfs s;

	if (statfs(path, &s)) {
		json_str(key, name_errno(errno));
		return;
	}
	json_open(key, '{');
	json_num("type", (long long)s.f_type);
	json_num("flags", (long long)s.f_flags);
	json_unum("bytes", (unsigned long long)s.f_blocks * (unsigned long long)s.f_bsize);
	json_close('}');
}

static void ask_dup(const char *key, const char *what)
{
	ssize_t n = pread(atoi(what), text, sizeof(text) - 1, 0);

	if (n < 0)
		json_str(key, name_errno(errno));
	else
		json_text(key, text, (size_t)n);
}

static void ask_follow(const char *key, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), err = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	json_str(key, name_errno(err));
}

static const struct {
	const char *what;
	void (*answer)(const char *key, const char *argument);
} questions[] = {
	{ "path=", ask_path }, { "read=", ask_read }, { "write=", ask_write }, { "append=", ask_append },
	{ "list=", ask_list }, { "exec=", ask_exec }, { "follow=", ask_follow }, { "mknod=", ask_mknod },
	{ "call=", ask_call }, { "statfs=", ask_statfs }, { "dup=", ask_dup },
};

void ask(const char *question)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		size_t len = strlen(questions[i].what);

		if (strncmp(question, questions[i].what, len) == 0) {
			questions[i].answer(question, question + len);
			return;
		}
	}
	json_str(question, "the probe does not know this question");
}
