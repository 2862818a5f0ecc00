/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names_mopt.c - mount options: config.md "Linux mount options", mount(8), mount_setattr(2)
 *
 * MOUNT_ATTR__ATIME is one field of three values, not bits, and the kernel refuses a mount_setattr
 * that changes it without clearing all of it: every access-time row clears the whole field.
 * RELATIME is value 0, the kernel's default, so "norelatime" and the other negations ask for the
 * same as "relatime", and of several access-time options the last one decides.
 */
#include <linux/mount.h>

#include "base/str.h"
#include "base/table.h"
#include "spec/names.h"

#define ATIME	 MOUNT_ATTR__ATIME
#define MS_ATIME (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

/* One name: per-mount flag in both spellings. */
#define FLAG(n, ms_set, ms_clear, at_set, at_clear) \
	{ n, MOPT_FLAG, ms_set, ms_clear, at_set, at_clear, false }
#define SB(n, ms_set, ms_clear) { n, MOPT_SB_FLAG, ms_set, ms_clear, 0, 0, false }
#define REC(n, at_set, at_clear) { n, MOPT_RECURSIVE, 0, 0, at_set, at_clear, true }
#define PROP(n, ms) \
	{ n, MOPT_PROPAGATION, ms, 0, 0, 0, false }, \
	{ "r" n, MOPT_PROPAGATION, (ms) | MS_REC, 0, 0, 0, true }

const struct mopt_row mopt_table[] = {
	/* what the mount is */
	{ "bind", MOPT_BIND, MS_BIND, 0, 0, 0, false },
	{ "rbind", MOPT_BIND, MS_BIND | MS_REC, 0, 0, 0, true },
	{ "remount", MOPT_REMOUNT, MS_REMOUNT, 0, 0, 0, false },
	{ "defaults", MOPT_NOTHING, 0, 0, 0, 0, false },
	{ "tmpcopyup", MOPT_TMPCOPYUP, 0, 0, 0, 0, false },
	{ "idmap", MOPT_IDMAP, 0, 0, 0, 0, false },
	{ "ridmap", MOPT_IDMAP, 0, 0, 0, 0, true },

	/* of this mount */
	FLAG("ro", MS_RDONLY, 0, MOUNT_ATTR_RDONLY, 0),
	FLAG("rw", 0, MS_RDONLY, 0, MOUNT_ATTR_RDONLY),
	FLAG("nosuid", MS_NOSUID, 0, MOUNT_ATTR_NOSUID, 0),
	FLAG("suid", 0, MS_NOSUID, 0, MOUNT_ATTR_NOSUID),
	FLAG("nodev", MS_NODEV, 0, MOUNT_ATTR_NODEV, 0),
	FLAG("dev", 0, MS_NODEV, 0, MOUNT_ATTR_NODEV),
	FLAG("noexec", MS_NOEXEC, 0, MOUNT_ATTR_NOEXEC, 0),
	FLAG("exec", 0, MS_NOEXEC, 0, MOUNT_ATTR_NOEXEC),
	FLAG("nosymfollow", MS_NOSYMFOLLOW, 0, MOUNT_ATTR_NOSYMFOLLOW, 0),
	FLAG("symfollow", 0, MS_NOSYMFOLLOW, 0, MOUNT_ATTR_NOSYMFOLLOW),
	FLAG("nodiratime", MS_NODIRATIME, 0, MOUNT_ATTR_NODIRATIME, 0),
	FLAG("diratime", 0, MS_NODIRATIME, 0, MOUNT_ATTR_NODIRATIME),
	FLAG("noatime", MS_NOATIME, MS_ATIME, MOUNT_ATTR_NOATIME, ATIME),
	FLAG("atime", 0, MS_ATIME, 0, ATIME),
	FLAG("relatime", MS_RELATIME, MS_ATIME, 0, ATIME),
	FLAG("norelatime", 0, MS_ATIME, 0, ATIME),
	FLAG("strictatime", MS_STRICTATIME, MS_ATIME, MOUNT_ATTR_STRICTATIME, ATIME),
	FLAG("nostrictatime", 0, MS_ATIME, 0, ATIME),

	/* of the file system */
	SB("sync", MS_SYNCHRONOUS, 0),
	SB("async", 0, MS_SYNCHRONOUS),
	SB("dirsync", MS_DIRSYNC, 0),
	SB("mand", MS_MANDLOCK, 0),
	SB("nomand", 0, MS_MANDLOCK),
	SB("iversion", MS_I_VERSION, 0),
	SB("noiversion", 0, MS_I_VERSION),
	SB("lazytime", MS_LAZYTIME, 0),
	SB("nolazytime", 0, MS_LAZYTIME),
	SB("silent", MS_SILENT, 0),
	SB("loud", 0, MS_SILENT),

	/* of this mount and all below it */
	REC("rro", MOUNT_ATTR_RDONLY, 0),
	REC("rrw", 0, MOUNT_ATTR_RDONLY),
	REC("rnosuid", MOUNT_ATTR_NOSUID, 0),
	REC("rsuid", 0, MOUNT_ATTR_NOSUID),
	REC("rnodev", MOUNT_ATTR_NODEV, 0),
	REC("rdev", 0, MOUNT_ATTR_NODEV),
	REC("rnoexec", MOUNT_ATTR_NOEXEC, 0),
	REC("rexec", 0, MOUNT_ATTR_NOEXEC),
	REC("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	REC("rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	REC("rnodiratime", MOUNT_ATTR_NODIRATIME, 0),
	REC("rdiratime", 0, MOUNT_ATTR_NODIRATIME),
	REC("rnoatime", MOUNT_ATTR_NOATIME, ATIME),
	REC("ratime", 0, ATIME),
	REC("rrelatime", 0, ATIME),
	REC("rnorelatime", 0, ATIME),
	REC("rstrictatime", MOUNT_ATTR_STRICTATIME, ATIME),
	REC("rnostrictatime", 0, ATIME),

	PROP("shared", MS_SHARED),
	PROP("slave", MS_SLAVE),
	PROP("private", MS_PRIVATE),
	PROP("unbindable", MS_UNBINDABLE),
};
const size_t mopt_table_n = ARRAY_SIZE(mopt_table);

const struct mopt_row *mopt_find(const char *name)
{
	for (size_t i = 0; i < mopt_table_n; i++)
		if (streq(mopt_table[i].name, name))
			return &mopt_table[i];
	return NULL;
}
