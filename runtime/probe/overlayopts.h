/* SPDX-License-Identifier: Apache-2.0 */
/* overlayopts.h - an overlay's layers, from the superblock options in mountinfo; pure */
#ifndef PROBE_OVERLAYOPTS_H
#define PROBE_OVERLAYOPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define OVERLAY_MAX_LAYERS 500u /* the kernel's own limit, OVL_MAX_STACK */

struct overlay_opts {
	const char **lower; /* topmost first, decoded; relative ones as they are */
	size_t n_lower;
	const char *upper, *work; /* NULL: read-only overlay */
	bool userxattr, metacopy;
	const char *redirect_dir; /* value, or NULL */
	const char *problem;	  /* what cannot be represented, or NULL */
};

/* overlay_opts_parse() - @raw: octal escapes still in place (struct mountinfo, sb_options) */
void overlay_opts_parse(struct arena *a, const char *raw, struct overlay_opts *ret);

#endif
