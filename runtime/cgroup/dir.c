/* SPDX-License-Identifier: Apache-2.0 */
/* dir.c - cgroup directories and their files, always relative to a descriptor */
#include "cgroup/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/syscalls.h"

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\n';
}

bool cg_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ", \n");

		if (n == len && len > 0 && strncmp(list, word, n) == 0)
			return true;
		list += n;
		while (is_separator(*list))
			list++;
	}
	return false;
}

bool cg_dir_has(const struct plan_cg_dir *d, const char *controller)
{
	return cg_list_has(d->controllers, controller);
}

const struct cg_driver *cg_driver_of(const struct plan_cg_dir *d)
{
	return cg_dir_is_v2(d) ? &cg_v2 : &cg_v1;
}

int cg_open_mount(const struct plan_cg_dir *d, int *ret_fd, struct err *e)
{
	auto_close int fd = open(d->mount_host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(e, "open the cgroup mount %s", d->mount_host);
	if ((unsigned long)fs.f_type != cg_driver_of(d)->magic)
		return err_set(e, ERR_SYS,
			       "open the cgroup mount %s: no cgroup v%d is mounted there",
			       d->mount_host, cg_dir_is_v2(d) ? 2 : 1);
	*ret_fd = take_fd(fd);
	return 0;
}

int cg_open_child(int fd, const char *rel)
{
	while (*rel == '/')
		rel++;
	return sys_openat2(fd, *rel ? rel : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int cg_open_dir(const struct plan_cg_dir *d, int *ret_fd, struct err *e)
{
	auto_close int mount = -1;

	if (cg_open_mount(d, &mount, e))
		return -1;
	auto_close int fd = cg_open_child(mount, d->path);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "open " CG_FMT, CG_ARG(d));
	*ret_fd = take_fd(fd);
	return 0;
}

int cg_open_controller(const struct op_cgroup *cg, const char *controller, bool *ret_v2)
{
	const struct plan_cg_dir *found = NULL;
	struct err ignored = ERR_INIT;
	int fd = -1;

	for (size_t i = 0; !cg->none && i < cg->n_dirs; i++)
		if (cg_dir_has(&cg->dirs[i], controller) || (cg_dir_is_v2(&cg->dirs[i]) && !found))
			found = &cg->dirs[i];
	if (!found || cg_open_dir(found, &fd, &ignored))
		return -1;
	*ret_v2 = cg_dir_is_v2(found);
	return fd;
}

ssize_t cg_read(int dirfd, const char *file, char *buf, size_t size)
{
	auto_close int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -1;
	buf[len] = '\0';
	return (ssize_t)len;
}

bool cg_read_u64(int dirfd, const char *file, uint64_t *ret)
{
	char buf[64];

	if (cg_read(dirfd, file, buf, sizeof(buf)) < 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	if (streq(buf, "max")) {
		*ret = UINT64_MAX;
		return true;
	}
	return str_to_u64(buf, ret);
}

int cg_file_write(int dirfd, const char *file, const char *value)
{
	auto_close int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -1;
	do /* one write: the kernel takes each as a whole command */
		n = write(fd, value, strlen(value));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* A name of a child cgroup, or NULL at the end. d_type is always filled by kernfs. */
static const char *next_child(DIR *d)
{
	const struct dirent *entry;

	while ((entry = readdir(d)))
		if (entry->d_type == DT_DIR && !streq(entry->d_name, ".") &&
		    !streq(entry->d_name, ".."))
			return entry->d_name;
	return NULL;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A second description of the directory: reading moves the offset of the first. */
static DIR *list_dir(int fd)
{
	auto_close int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);

	if (d)
		own = -1;
	return d;
}

static int each(int fd, int depth, int (*fn)(int fd, void *arg), void *arg)
{
	__attribute__((cleanup(close_dir))) DIR *d = list_dir(fd);
	const char *name;

	if (!d)
		return errno == ENOENT || errno == ENODEV ? 0 : -1; /* removed meanwhile */
	if (depth == 0) {
		errno = ELOOP;
		return -1;
	}
	while ((name = next_child(d))) {
		auto_close int child = cg_open_child(fd, name);

		if (child >= 0 && each(child, depth - 1, fn, arg))
			return -1;
	}
	return fn(fd, arg);
}

int cg_each(int fd, int (*fn)(int fd, void *arg), void *arg)
{
	return each(fd, CG_MAX_DEPTH, fn, arg);
}

static int remove_below(int fd, void *arg)
{
	__attribute__((cleanup(close_dir))) DIR *d = list_dir(fd);
	int *first = arg;
	const char *name;

	while (d && (name = next_child(d)))
		if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && *first == 0)
			*first = errno;
	return 0;
}

int cg_remove_children(int fd)
{
	int first = 0;

	if (cg_each(fd, remove_below, &first))
		return -1;
	errno = first;
	return first ? -1 : 0;
}
