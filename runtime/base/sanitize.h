/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitize.h - the build that AddressSanitizer and UndefinedBehaviorSanitizer watch
 *
 * Configured with --enable-sanitizers=FILE, never installed; `agentrt --version` says so. What such
 * a build does otherwise than the real one stands behind SANITIZED, so that `grep SANITIZED` lists
 * all of it; docs/testing.md says what that leaves untested.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#ifdef AGENTRT_SANITIZERS
#define SANITIZED true
/* For the few functions that read memory which is not theirs: whole segments of the program. */
#define NOT_SANITIZED __attribute__((no_sanitize("address")))
#else
#define SANITIZED false
#define NOT_SANITIZED
#endif
/* Times the memory that the real program has; its shadow and what is kept after free(3) take it. */
#define SANITIZED_MEMORY 8u

#endif
