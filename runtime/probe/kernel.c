/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - what this kernel and this process can do; each answer costs one or two system calls */
#include "probe/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/landlock.h"
#include "sys/rtnl.h"
#include "sys/steer.h"
#include "sys/syscalls.h"

#define INITIAL_USERNS_INO 0xEFFFFFFDu /* include/uapi/linux/nsfs.h, unchanged since 3.8 */

static void probe_caps(struct facts *f)
{
	for (unsigned c = 0; c < 64; c++) {
		int has = prctl(PR_CAPBSET_READ, (unsigned long)c, 0, 0, 0);

		if (has < 0)
			break;
		f->cap_last = c;
		f->cap_bounding |= (uint64_t)has << c;
	}
}

/* The call exists from 5.12 on, with MOUNT_ATTR_IDMAP from its first day. */
static bool has_mount_setattr(void)
{
	return sys_mount_setattr(-1, "", 0, NULL) == 0 || errno != ENOSYS;
}

/* fsopen() loads the module where that is allowed, and makes nothing; but closing what it made waits
 * for a grace period. */
static bool has_overlay(void)
{
	auto_free char *text = NULL;

	if (fd_read_file("/proc/filesystems", 65536, &text, NULL, NULL) == 0 &&
	    strstr(text, "\toverlay\n"))
		return true;
	auto_close int fd = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	return fd >= 0;
}

static bool has_apparmor(void)
{
	auto_free char *text = NULL;

	if (access("/sys/module/apparmor", F_OK) != 0)
		return false;
	return fd_read_file("/sys/module/apparmor/parameters/enabled", 64, &text, NULL, NULL) ==
		       0 &&
	       text[0] == 'Y';
}

static bool has_notify(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* EINVAL: the right is there, but something that was mounted below may not be uncovered. */
static bool may_clone_mounts(void)
{
	auto_close int fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return fd >= 0 || errno != EPERM;
}

static void probe_rlimits(struct facts *f)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max != RLIM_INFINITY)
		f->open_files = r.rlim_max;
	if (getrlimit(RLIMIT_NPROC, &r) == 0 && r.rlim_max != RLIM_INFINITY)
		f->processes = r.rlim_max;
	if (getrlimit(RLIMIT_RTPRIO, &r) == 0)
		f->rt_priority = r.rlim_max;
	if (getrlimit(RLIMIT_NICE, &r) == 0)
		f->nice_limit = r.rlim_max;
}

/* What a container's process has where nothing else is said. */
static void probe_inherited(struct facts *f)
{
	auto_free char *text = NULL;
	int p = personality(0xffffffff); /* asks, and changes nothing */

	if (fd_read_file("/proc/self/oom_score_adj", 64, &text, NULL, NULL) == 0)
		f->oom_score_adj = strtol(text, NULL, 10);
	f->personality = p > 0 ? (uint64_t)p : 0;
	probe_rlimits(f);
}

void probe_kernel(struct arena *a, const struct probe_opts *o, struct facts *f)
{
	struct utsname u;
	struct stat st;

	f->kernel = uname(&u) == 0 ? arena_strdup(a, u.release) : "unknown";
	f->euid = geteuid();
	f->in_initial_userns =
		stat("/proc/self/ns/user", &st) == 0 && st.st_ino == INITIAL_USERNS_INO;
	f->no_mount_rights = (f->euid != 0 || !f->in_initial_userns) && !may_clone_mounts();
	f->memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	probe_inherited(f);
	probe_caps(f);
	f->kernel_idmap = has_mount_setattr();
	f->kernel_overlay = !o->no_layers && has_overlay();
	f->landlock_abi = landlock_abi();
	f->kernel_notify = has_notify();
	f->kernel_steer = !o->no_steering && steer_is_possible();
	f->kernel_veth = !o->no_steering && !f->kernel_steer && rtnl_has_veth();
	f->apparmor = has_apparmor();
	f->selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
}
