/* SPDX-License-Identifier: Apache-2.0 */
/* steer.h - the sk_lookup program that gives every connection in A to the proxy */
#ifndef SYS_STEER_H
#define SYS_STEER_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/egress_steer.h"
#include "base/err.h"

/* All -1 where absent. While @link is open the program is attached. */
struct steer {
	int link, page, ring; /* @page: mappable, struct steer_page; @ring: a BPF ring buffer */
	int prog, sockets;    /* until it is attached */
};
#define STEER_INIT                                                                                 \
	{                                                                                          \
		-1, -1, -1, -1, -1                                                                 \
	}

struct steer_maps { int sockets, page, ring; };

#define STEER_INSNS_MAX 160
/* steer_program() - the instructions; pure. Return: how many */
size_t steer_program(const struct steer_maps *m, struct bpf_insn out[STEER_INSNS_MAX]);

/* steer_load() - make maps and program. Needs CAP_BPF and CAP_NET_ADMIN in the initial user
 * namespace; Linux 5.9. */
int steer_load(struct steer *ret, struct err *e);

/**
 * steer_attach() - attach a loaded program to a network namespace
 * @netns:	A; never another: every connection made in it goes to @socket from then on
 * @socket:	by enum steer_socket, listening or bound in A; -1 where there is none
 */
int steer_attach(struct steer *s, int netns, const int socket[STEER_SOCKET__COUNT], struct err *e);
void steer_done(struct steer *s);

/* steer_is_possible() - whether this process may load such a program on this kernel */
bool steer_is_possible(void);

#endif
