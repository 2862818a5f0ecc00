/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock.h - the kernel's numbers for Landlock, of which a libc's headers know only the older ones
 *
 * include/uapi/linux/landlock.h; the comment is the first ABI that knows them.
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stdint.h>

#define LL_FS_EXECUTE	  (UINT64_C(1) << 0) /* 1 */
#define LL_FS_WRITE_FILE  (UINT64_C(1) << 1)
#define LL_FS_READ_FILE	  (UINT64_C(1) << 2)
#define LL_FS_READ_DIR	  (UINT64_C(1) << 3)
#define LL_FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define LL_FS_REMOVE_FILE (UINT64_C(1) << 5)
#define LL_FS_MAKE_CHAR	  (UINT64_C(1) << 6)
#define LL_FS_MAKE_DIR	  (UINT64_C(1) << 7)
#define LL_FS_MAKE_REG	  (UINT64_C(1) << 8)
#define LL_FS_MAKE_SOCK	  (UINT64_C(1) << 9)
#define LL_FS_MAKE_FIFO	  (UINT64_C(1) << 10)
#define LL_FS_MAKE_BLOCK  (UINT64_C(1) << 11)
#define LL_FS_MAKE_SYM	  (UINT64_C(1) << 12)
#define LL_FS_REFER	  (UINT64_C(1) << 13) /* 2 */
#define LL_FS_TRUNCATE	  (UINT64_C(1) << 14) /* 3 */
#define LL_FS_IOCTL_DEV	  (UINT64_C(1) << 15) /* 5 */

#define LL_NET_BIND_TCP	   (UINT64_C(1) << 0) /* 4 */
#define LL_NET_CONNECT_TCP (UINT64_C(1) << 1)

#define LL_SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* 6 */
#define LL_SCOPE_SIGNAL	       (UINT64_C(1) << 1)

/* What a rule about one file, not a directory, may say. */
#define LL_FS_OF_FILE                                                                              \
	(LL_FS_EXECUTE | LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_TRUNCATE | LL_FS_IOCTL_DEV)

#endif
