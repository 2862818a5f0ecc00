/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prog.c - the container's program: environment, working directory, where it is found
 *
 * The program is looked for at create, with the ids and in the root that it will run with, so that
 * "not found" is an error of create, as engines expect; their exit codes 126 and 127 hang on the
 * words of these messages.
 */
#include "exec/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/passwd.h"
#include "sys/beneath.h"

#define PASSWD_MAX   (4u << 20)
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* "fmt: reason" as Go spells reasons, in lower case: engines look for these words. */
static int __attribute__((format(printf, 3, 4))) err_exec(struct err *e, int sys, const char *fmt, ...)
{
	char what[ERR_MSG_MAX], why[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(why, sizeof(why), "%s", strerror(sys));
	why[0] = chr_lower(why[0]);
	err_set(e, ERR_EXEC, "%s: %s", what, why);
	if (e)
		e->sys = sys;
	return -1;
}

static const struct op_exec *exec_of(const struct exec_ctx *c)
{
	return &plan_find(c->plan, OP_EXEC)->u.exec; /* plan_check() guarantees one */
}

static const char *env_get(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static void find_home(struct exec_ctx *c, char *buf, size_t size)
{
	const struct op *creds = plan_find(c->plan, OP_CREDS);
	auto_close int fd = -1;
	auto_free char *text = NULL;
	struct stat st;

	snprintf(buf, size, "/");
	if (beneath_open(c->rootfd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, LINK_FOLLOW,
			 &fd, NULL) ||
	    fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    fd_read_all(fd, PASSWD_MAX, "passwd", &text, NULL, NULL))
		return; /* no such file, or none that can be read: as if the user were unknown */
	if (!passwd_home(text, creds ? creds->u.creds.uid : 0, buf, size))
		snprintf(buf, size, "/");
}

void prog_env(struct exec_ctx *c)
{
	const struct op_exec *x = exec_of(c);
	char home[PATH_MAX];
	size_t n = 0, k = 0;

	while (x->env[n])
		n++;
	const char **env = xcalloc(n + 4, sizeof(*env)); /* lives until execve */
	for (size_t i = 0; i < n; i++)
		if (!x->set_home || strncmp(x->env[i], "HOME=", 5) != 0)
			env[k++] = x->env[i];
	if (x->set_home) {
		find_home(c, home, sizeof(home));
		env[k++] = xasprintf("HOME=%s", home);
	}
	if (c->n_listen) {
		env[k++] = xasprintf("LISTEN_FDS=%u", c->n_listen);
		env[k++] = xasprintf("LISTEN_PID=%d", (int)getpid());
	}
	c->env = env;
}

void prog_make_cwd(struct exec_ctx *c)
{
	auto_close int fd = -1;

	if (!c->plan->is_exec)
		(void)beneath_mkdirs(c->rootfd, exec_of(c)->cwd_ctr, 0755, LINK_FOLLOW, &fd, NULL);
}

/* What the kernel itself calls the directory: "(unreachable)..." where it is not below our root. */
static int check_cwd(const char *cwd, struct err *e)
{
	char buf[PATH_MAX];
	long n = syscall(SYS_getcwd, buf, sizeof(buf));

	if (n < 0 && errno != ENOENT && errno != ERANGE)
		return err_sys(e, "read the working directory");
	if (n < 0 || buf[0] != '/')
		return err_set(e, ERR_SPEC,
			       "working directory %s leads outside of the container's root", cwd);
	return 0;
}

int prog_chdir(struct exec_ctx *c, bool last, struct err *e)
{
	const char *cwd = exec_of(c)->cwd_ctr;
	struct err why = ERR_INIT;
	auto_close int fd = -1;

	if (c->cwd_done)
		return 0;
	if (beneath_open(c->rootfd, cwd, O_PATH | O_DIRECTORY, 0, LINK_FOLLOW, &fd, &why) == 0 &&
	    fchdir(fd) < 0)
		err_sys(&why, "chdir to %s", cwd);
	if (why.kind != ERR_NONE && !last && (why.sys == EACCES || why.sys == EPERM))
		return 0; /* root of a user namespace, or of an NFS client: try as the user */
	if (why.kind != ERR_NONE && !why.sys) {
		if (e)
			*e = why;
		return err_ctx(e, "chdir to cwd (\"%s\")", cwd);
	}
	if (why.kind != ERR_NONE)
		return err_exec(e, why.sys, "chdir to cwd (\"%s\") set in config.json failed", cwd);
	c->cwd_done = true;
	return check_cwd(cwd, e);
}

/* 0: executable; else the errno that execve or a shell would find. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return errno == ENOSYS || errno == EPERM ? ((st.st_mode & 0111) ? 0 : EACCES) :
							   errno;
	return 0;
}

/* A name with a slash is itself the path. */
static int find_by_path(struct exec_ctx *c, const char *name, struct err *e)
{
	int sys = executable(name);

	if (!sys) {
		c->prog_path = xstrdup(name);
		return 0;
	}
	if (sys == ENOENT || sys == ENOTDIR)
		return err_exec(e, sys, "exec: \"%s\": stat %s", name, name);
	if (sys == EISDIR) /* both words: Docker before 23 makes 126 of "permission denied" only */
		return err_exec(e, EACCES, "exec: \"%s\": is a directory", name);
	return err_exec(e, sys, "exec: \"%s\"", name);
}

static const char *next_dir(const char *dir)
{
	const char *colon = strchr(dir, ':');

	return colon ? colon + 1 : NULL;
}

int prog_find(struct exec_ctx *c, struct err *e)
{
	const char *name = exec_of(c)->args[0];
	const char *path = env_get(c->env, "PATH");

	if (strchr(name, '/'))
		return find_by_path(c, name, e);
	for (const char *dir = path ? path : DEFAULT_PATH; *name && dir; dir = next_dir(dir)) {
		int len = (int)strcspn(dir, ":");
		auto_free char *full = len ? xasprintf("%.*s/%s", len, dir, name) :
					     xasprintf("./%s", name);

		if (executable(full) == 0) {
			c->prog_path = take_ptr(full);
			return 0;
		}
	}
	err_set(e, ERR_EXEC, "exec: \"%s\": executable file not found in $PATH", name);
	if (e)
		e->sys = ENOENT;
	return -1;
}

int prog_exec(struct exec_ctx *c, struct err *e)
{
	if (fault("c_exec"))
		errno = EIO;
	else if (!mutant("op.exec"))
		execve(c->prog_path, (char *const *)exec_of(c)->args, (char *const *)c->env);
	return err_exec(e, errno, "exec %s", c->prog_path);
}
