/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pod.h - which pod a config says its container belongs to, and what a pod has in common
 *
 * Engines say it by annotations. Some of those a pod's author can write too, so they are a claim:
 * whoever reads them compares the namespaces that the config names (struct fact_pod).
 */
#ifndef PROFILES_POD_H
#define PROFILES_POD_H

#include "profiles/profile.h"

/* pod_sandbox_of() - the container whose namespaces the pod shares, as the annotations have it: the
 * container's own id says that it is the sandbox. NULL: nothing is said of a pod */
const char *pod_sandbox_of(const struct oci_spec *s);

/* pod_uid_key() - the i-th annotation that holds a pod's uid in Kubernetes; NULL after the last */
const char *pod_uid_key(size_t i);

/* pod_net_policy() - what may get out, one rule a line; equal for equal rules, in whatever order
 * pod_net_differs() finds */
const char *pod_net_policy(struct arena *a, const struct profile *p);

/* pod_net_differs() - a line that one of two policies has and the other has not, NULL: there is
 * none
 * @ret_whose:	0: the first has it, 1: the second */
const char *pod_net_differs(struct arena *a, const char *one, const char *two, int *ret_whose);

#endif
