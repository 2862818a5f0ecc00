/* SPDX-License-Identifier: Apache-2.0 */
/* nested.h - user namespaces inside a container, for programs that bring a sandbox of their own */
#ifndef PROFILES_NESTED_H
#define PROFILES_NESTED_H

#include "base/arena.h"
#include "spec/oci.h"

/**
 * nested_seccomp() - a filter whose rules let clone and unshare make user, pid and network namespaces
 * @f: NULL gives NULL
 *
 * A rule that allows the two where none of certain flags is set allows these flags as well; one
 * that refuses one of these flags alone is left out. Nothing else changes: no mount namespace.
 */
struct oci_seccomp *nested_seccomp(struct arena *a, struct oci_seccomp *f);

/* How many user namespaces may be in the container's own, nested ones included, at a time; the
 * kernel counts for each user (namespaces(7), /proc/sys/user). */
#define NESTED_MAX_USER_NAMESPACES "32"

#endif
