/* SPDX-License-Identifier: Apache-2.0 */
/* ping.h - echo requests, where there is nothing that they could reach */
#ifndef PROFILES_PING_H
#define PROFILES_PING_H

#include "base/arena.h"
#include "spec/oci.h"

/**
 * ping_refused() - the filter without what lets ICMP sockets be made
 *
 * In a network namespace where every address is local the kernel itself answers an echo request to any
 * of them: a program would take that for the far end, and nothing would be in the decision log. As a
 * refused socket it is. Return: NULL for NULL.
 */
struct oci_seccomp *ping_refused(struct arena *a, struct oci_seccomp *f);

#endif
