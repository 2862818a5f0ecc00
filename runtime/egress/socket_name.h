/* SPDX-License-Identifier: Apache-2.0 */
/* socket_name.h - the arguments of socket(2) as people know them; pure */
#ifndef EGRESS_SOCKET_NAME_H
#define EGRESS_SOCKET_NAME_H

#include <stdint.h>

#define SOCKET_NAME_MAX 96

/* socket_name() - "AF_INET SOCK_RAW IPPROTO_ICMP"; numbers for what has no name here: "AF_99 SOCK_3 0".
 * The kernel takes the low 32 bits of each. */
void socket_name(const uint64_t args[3], char ret[SOCKET_NAME_MAX]);

#endif
