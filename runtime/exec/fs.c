/* SPDX-License-Identifier: Apache-2.0 */
/* fs.c - what the file-system actions of C_FS share */
#include "exec/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"

enum beneath_link fs_links(const char *path_ctr)
{
	static const char *const ours[] = { "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (path_is_within(path_ctr, ours[i]) && !mutant("fs.links"))
			return LINK_REFUSE;
	return LINK_FOLLOW;
}

/*
 * An image's link may lead a mount anywhere in the root, but not over what the kernel says: a
 * volume on /work, where /work is a link to /proc, would be the container's /proc, without masks.
 */
static int check_followed(int fd, const char *path_ctr, struct err *e)
{
	struct statfs sf;

	if (fstatfs(fd, &sf) < 0)
		return err_sys(e, "look at mount point %s", path_ctr);
	if ((sf.f_type == PROC_SUPER_MAGIC || sf.f_type == SYSFS_MAGIC) && !mutant("fs.followed"))
		return err_set(e, ERR_SPEC,
			       "mount point %s: the image has a symbolic link there that leads into %s",
			       path_ctr, sf.f_type == PROC_SUPER_MAGIC ? "/proc" : "/sys");
	return 0;
}

int fs_mount_point(struct exec_ctx *c, const char *path_ctr, bool is_dir, enum beneath_link links,
		   int *ret_fd, struct err *e)
{
	int r = is_dir ? beneath_mkdirs(c->rootfd, path_ctr, 0755, links, ret_fd, e)
		       : beneath_touch(c->rootfd, path_ctr, 0644, links, ret_fd, e);

	if (r && e && e->sys == ELOOP && links == LINK_REFUSE)
		return err_ctx(e, "the image has a symbolic link in the path of a mount point that "
				  "must be a real one");
	return r || links == LINK_REFUSE ? r : check_followed(*ret_fd, path_ctr, e);
}

bool fs_has_own_ns(const struct plan *p, const char *kind)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind == OP_NS && op->u.ns.action != NS_INHERIT &&
		    streq(plan_ns_name(op->u.ns.type), kind))
			return true;
	}
	return false;
}
