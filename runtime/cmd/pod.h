/* SPDX-License-Identifier: Apache-2.0 */
/* pod.h - the pod of a container that is about to be made, from what state/ knows of the others */
#ifndef CMD_POD_H
#define CMD_POD_H

#include "cmd/cmd.h"
#include "profiles/facts.h"
#include "spec/oci.h"

/**
 * pod_facts() - facts->pod, and which of facts->ns belong to that pod or to others
 * @id:	of the container that is to be made
 *
 * Annotations name the sandbox; the rest is read from the states below ctx->root, by inode. A claim
 * that does not hold is no error here: tighten() refuses it, or takes the container for one on its
 * own. Before ids are reserved, for a pod has one range of them.
 */
int pod_facts(struct cmd_ctx *ctx, const char *id, const struct oci_spec *s, struct facts *f,
	      struct err *e);

#endif
