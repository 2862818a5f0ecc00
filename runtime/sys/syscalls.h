/* SPDX-License-Identifier: Apache-2.0 */
/* syscalls.h - system calls that Debian 12's libc does not wrap; 0/fd, or -1 with errno */
#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

pid_t sys_clone3(struct clone_args *args, size_t size);
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sys_fsopen(const char *type, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attr);
int sys_fspick(int dirfd, const char *path, unsigned flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_pidfd_getfd(int pidfd, int fd); /* close-on-exec */
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_seccomp(unsigned op, unsigned flags, void *args);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable); /* of this thread */
int sys_keyctl_join_session(const char *name);
int sys_memfd(const char *name, unsigned flags);
/* Per-thread id changes (the libc's are process-wide). */
int sys_setresuid(uid_t r, uid_t e, uid_t s);
int sys_setresgid(gid_t r, gid_t e, gid_t s);
int sys_setgroups(size_t n, const gid_t *groups);
/* sys_reset_signals() - default dispositions, nothing blocked: for a process about to execute. Also
 * of the signals that the C library keeps to itself (32, 33): its sigaction(3) refuses to look at
 * them, and a caller may have left them ignored. */
void sys_reset_signals(void);

#endif
