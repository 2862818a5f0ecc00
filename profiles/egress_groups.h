/* SPDX-License-Identifier: Apache-2.0 */
/* egress_groups.h - hosts that belong together, by a name that a profile can say; none by default */
#ifndef PROFILES_EGRESS_GROUPS_H
#define PROFILES_EGRESS_GROUPS_H

#include "profiles/profile.h"

/* egress_group() - its entries, @ret_n of them; NULL: there is no such group. Constant. */
const struct egress_entry *egress_group(const char *name, size_t *ret_n);
/* egress_group_name() - by number, NULL at the end */
const char *egress_group_name(size_t i);

#endif
