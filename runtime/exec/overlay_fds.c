/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_fds.c - an overlay over layers that are attached nowhere, and the proof that it works
 *
 * Phase: P_MAP, with the caller's privileges. Linux takes layers by descriptor from 6.13 on and
 * detached ones from 6.15 on. No process, no mount namespace and no unmount is needed for that: all
 * that is made here is the overlay.
 *
 * The proof is made by whoever is the overlay's user: in C_FS the child, else a helper (overlay.c).
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"
#include "exec/overlay.h"
#include "sys/syscalls.h"

#define PROBE_NAME ".agentrt-probe"

static int set_layers(const struct overlay *o, int fs, int upper)
{
	auto_close int up = openat(upper, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int work = openat(upper, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; i < o->n_lower; i++)
		if (sys_fsconfig(fs, FSCONFIG_SET_FD, "lowerdir+", NULL, o->lower[i]) < 0)
			return -1;
	if (up < 0 || work < 0)
		return -1;
	return sys_fsconfig(fs, FSCONFIG_SET_FD, "upperdir", NULL, up) < 0 ||
			       sys_fsconfig(fs, FSCONFIG_SET_FD, "workdir", NULL, work) < 0 ?
		       -1 :
		       0;
}

static int set_options(const struct overlay *o, int fs)
{
	const struct { const char *key, *value; } option[] = {
		{ "redirect_dir", overlay_redirect(o) },
		{ "metacopy", o->metacopy ? "on" : "off" },
		{ "index", "off" },
		{ "source", "overlay" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(option); i++)
		if (sys_fsconfig(fs, FSCONFIG_SET_STRING, option[i].key, option[i].value, 0) < 0)
			return -1;
	if (o->userxattr && sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return -1;
	return sys_fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
}

int overlay_by_fds(const struct overlay *o, int upper, int *ret_fd)
{
	auto_close int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0 || set_layers(o, fs, upper) || set_options(o, fs) ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	int fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	*ret_fd = fd;
	return 0;
}

int overlay_prove(int fd, const char *what, uint32_t uid, uint32_t gid, struct err *e)
{
	struct statvfs vfs;
	struct stat st;

	if (mutant("overlay.verify"))
		return 0;
	if (fstatvfs(fd, &vfs) < 0)
		return err_sys(e, "look at the overlay");
	if (vfs.f_flag & ST_RDONLY)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s was mounted read-only by the "
			       "kernel (its log has the reason)",
			       what);
	auto_close int probe =
		openat(fd, PROBE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (probe < 0 || fstat(probe, &st) < 0 || unlinkat(fd, PROBE_NAME, 0) < 0)
		return err_sys(e, "write to the overlay over %s as its user", what);
	if (st.st_uid != uid || st.st_gid != gid)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s stores files as %u:%u instead "
			       "of %u:%u",
			       what, st.st_uid, st.st_gid, uid, gid);
	return 0;
}
