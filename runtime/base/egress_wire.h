/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_wire.h - the contract between the runtime (exec/do_egress.c) and the program agentrt-egress
 *
 * The runtime opens everything, drops every privilege and then executes the program, which never
 * runs privileged: argv is {"agentrt-egress"}, the environment is empty, the root directory is an
 * empty one, the network namespace is E, and these descriptors are open and nothing else
 * (0, 1, 2 are /dev/null). RLIMIT_NOFILE is EGRESS_NOFILE, or the hard limit if that is lower. The
 * program refuses to start with uid or gid 0, a supplementary group, any capability, or without
 * no_new_privs.
 */
#ifndef BASE_EGRESS_WIRE_H
#define BASE_EGRESS_WIRE_H

#include <linux/filter.h>
#include <stdint.h>

enum egress_fd {
	EGRESS_FD_POLICY = 3, /* sealed memfd, text below */
	EGRESS_FD_PROXY,      /* listening TCP socket, made in A on 127.0.0.1:port */
	EGRESS_FD_READY,      /* write end of a pipe: one byte 'R' when serving; or 'E' and a
				 sentence without NUL, then closed */
	EGRESS_FD_LOG,	      /* decision log, O_RDWR | O_APPEND: JSON lines */
	EGRESS_FD_LOG_OLD,    /* the older half: when LOG reaches the cap its content moves here */
	EGRESS_FD_RESOLV,     /* resolv.conf, O_RDONLY: read again (pread) when its mtime changes;
				 /dev/null where there is none: nothing resolves */
	EGRESS_FD_INIT,	      /* pidfd of the container's init: readable -> exit */
	EGRESS_FD_NL_E,	      /* NETLINK_ROUTE socket opened in E: E's addresses and gateways */
	EGRESS_FD_NL_HOST,    /* NETLINK_ROUTE socket opened in the host's network namespace */
	/* Where connections to any address come to the proxy; else, and IPv6 where A has none, each
	 * is /dev/null. The sockets are A's, or P's where P is there. */
	EGRESS_FD_PROXY6,     /* listening TCP socket, made in A on [::1]:port */
	EGRESS_FD_DNS4,	      /* UDP sockets: what was sent to any address's port 53 */
	EGRESS_FD_DNS6,
	EGRESS_FD_RAW4,	      /* raw sockets: answers from the address that was asked */
	EGRESS_FD_RAW6,
	/* By the kernel's steering program (base/egress_steer.h) */
	EGRESS_FD_STEER_PAGE, /* BPF array, struct steer_page */
	EGRESS_FD_STEER_RING, /* BPF ring buffer of struct steer_event */
	EGRESS_FD_STEER_LINK, /* only held: the program goes when the proxy does */
	/* By P (exec/pnet.c) */
	EGRESS_FD_SNIFF,      /* packet socket of P: the heads of what nobody there takes */
	EGRESS_FD_WATCH,      /* unix datagram socket, EGRESS_WATCH_NAME in the container's directory:
				 struct egress_watch, and beside it the listener of a filter */
	EGRESS_FD__END	      /* from here on: listening sockets of P, EGRESS_LISTEN_MAX at most */
};

/*
 * Policy, one directive a line, single spaces, no escapes (the runtime wrote it from checked
 * values; the program still checks everything and refuses the whole on any doubt):
 *
 *   agentrt-egress-policy 1
 *   container <id>
 *   profile <name>
 *   port <n>
 *   [learn]
 *   [help]      the container has EGRESS_HELP, and refusals point to it
 *   allow <canonical host | *.suffix | IP literal | cidr> <port>[,<port>...]
 *         [tls=require|any|none] [ech=deny] [<cidr>[,<cidr>...]]
 *   deny <host as above> <port>[,<port>...] | *
 *   end
 */
#define EGRESS_POLICY_MAGIC "agentrt-egress-policy 1"
#define EGRESS_HELP	    "/run/agentrt/policy.md"
#define EGRESS_POLICY_MAX   (256u * 1024u) /* bytes */
#define EGRESS_ALLOW_MAX    1024u	   /* entries */
#define EGRESS_PORTS_MAX    64u		   /* ports of an entry */
#define EGRESS_ADDRS_MAX    64u		   /* networks of an entry */
#define EGRESS_LOG_MAX	    (4u << 20)	   /* bytes of each log half */
#define EGRESS_LISTEN_MAX   128u	   /* ports that are reached without the proxy by way of P */
#define EGRESS_WATCH_NAME   "sockets"
#define EGRESS_WATCH_MAX    128u	   /* filters watched at one time: the container's and its execs' */
#define EGRESS_WATCH_INSNS  512u
#define EGRESS_NOFILE	    4096u	   /* two for each connection, pipes, name lookups */

/* A filter that leaves the sockets it refuses to the listener's holder; sent without what of @program
 * is not used. */
struct egress_watch {
	char container[256]; /* in whose name a line is written: a pod's proxy has several */
	struct sock_filter program[EGRESS_WATCH_INSNS]; /* says what errno each of them gets */
};

#endif
