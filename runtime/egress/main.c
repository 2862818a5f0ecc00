/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - agentrt-egress: the only way out of a container
 *
 * Theory of operation
 *
 * The container runs in network namespace A, which holds a loopback interface and nothing that
 * leads further than to this program.
 * This program runs in namespace E, where the engine's networks are, and owns sockets that were
 * made in A. Nothing else joins the two: when this program ends, for whatever reason, there is no
 * way out. It keeps no secret and decides nothing but one thing: whether bytes may go to
 * (name, port).
 *
 * A request passes five gates, in this order, and each can only refuse:
 *
 *   way in      way_*.c, http_*.c,     bytes, or the address that was dialled, -> struct dest,
 *               socks.c, dns_*.c       through one grammar (base/hostname). What could be read in
 *                                      two ways is refused.
 *   decision    policy_decide()        the destination alone: not the way in, not the caller.
 *                                      Before this point no packet has left for it, not even a
 *                                      DNS query.
 *   screening   policy_screen()        each address that the name resolves to, against the ranges
 *                                      of base/hostname.c, the entry's `addresses`, and the
 *                                      addresses that this host has right now (own.c).
 *   connection  dial.c                 to exactly the addresses that were screened.
 *   first bytes conn_check.c           TLS or HTTP that names the host, where the entry wants it.
 *
 * Then bytes are relayed (relay.c) and counted, and one line is written (record.c). Where the
 * kernel steers (base/egress_steer.h) it has refused beforehand what the policy can never allow:
 * names.c writes the page that it looks at, steering.c records what it refused. Where it does not,
 * connections come to the sockets of a third namespace, P, that listen on every address (exec/pnet.c),
 * and sniffer.c records what came to no socket. What sockets the container was not even given, its
 * filters tell to watch.c.
 *
 * Invariants
 *   - The program never has privileges. The runtime opens every descriptor, drops everything and
 *     executes it; jail_check() refuses to run otherwise.
 *   - No file is ever opened. After start the seccomp filter, gathered from the functions'
 *     #syscalls: lines, kills the process for anything unforeseen.
 *   - Everything is bounded: connections, half-open ones, head bytes, names being looked up,
 *     policy, log. What is at its cap is said where the cap is defined, and so is what happens.
 *   - Nothing blocks but the log's file. One thread, one epoll set, fixed tables.
 *   - Nothing is trusted that comes from A, from an upstream or from a name server; the policy and
 *     resolv.conf are the runtime's, and the policy is still checked as if it were not.
 *   - When the container's init ends, so does this program.
 *
 * Discarded: threads (nothing to wait for), HTTP keep-alive and pipelining for absolute URLs (one
 * request a connection leaves nothing to smuggle), a DNS cache (a connection is screened on what
 * the lookup made for it said), socket maps in the kernel (they lose bytes at a half-close).
 */
#include <signal.h>
#include <stdlib.h>

#include "base/egress_wire.h"
#include "egress/conn.h"
#include "egress/dns_server.h"
#include "egress/jail.h"
#include "egress/sniffer.h"
#include "egress/start.h"
#include "egress/steering.h"
#include "egress/watch.h"

#define TICK_BUSY_MS 50	  /* while names are looked up or connections are made */
#define TICK_MS	     1000 /* while there is anything that could time out */

struct egress {
	struct loop loop;
	struct policy policy;
	struct own own;
	struct resolver resolver;
	struct dialler dialler;
	struct record record;
	struct conn_table conns;
	struct listener listeners[2 + EGRESS_LISTEN_MAX];
	size_t n_listeners;
	struct steering steering;
	struct sniffer sniffer;
	struct watches watches;
	struct names names;
	struct dns_server dns;
	struct loop_source init;
	int64_t ticked_ms;
	bool is_over;
};

static void on_init_ended(struct loop_source *src, uint32_t events)
{
	struct egress *g = container_of(src, struct egress, init);

	(void)events;
	g->is_over = true;
}

static int watch_init(struct egress *g, struct err *e)
{
	g->init = (struct loop_source){ EGRESS_FD_INIT, on_init_ended };
	if (loop_add(&g->loop, &g->init, EPOLLIN) < 0)
		return err_sys(e, "watch the container's init");
	return 0;
}

/* In A by the proxy's own address, and in P. */
static int listen_all(struct egress *g, size_t n_more, struct err *e)
{
	g->n_listeners = 2 + n_more;
	for (size_t i = 0; i < g->n_listeners; i++) {
		int fd = i == 0 ? EGRESS_FD_PROXY :
			 i == 1 ? EGRESS_FD_PROXY6 : EGRESS_FD__END + (int)i - 2;

		if (listener_init(&g->listeners[i], fd, i < 2, &g->conns, e))
			return -1;
	}
	return 0;
}

static int start(struct egress *g, struct err *e)
{
	size_t max_conns, n_listen;

	if (jail_check(e) || start_check_fds(&n_listen, e) || start_read_policy(&g->policy, e) ||
	    start_max_conns(&max_conns, e) || loop_init(&g->loop, e) ||
	    record_init(&g->record, EGRESS_FD_LOG, EGRESS_FD_LOG_OLD, g->policy.container, e) ||
	    own_init(&g->own, &g->loop, EGRESS_FD_NL_E, EGRESS_FD_NL_HOST, e) ||
	    resolver_init(&g->resolver, &g->loop, EGRESS_FD_RESOLV, e) ||
	    steering_map(&g->steering, e))
		return -1;
	names_init(&g->names, &g->policy, g->steering.page);
	g->dialler = (struct dialler){ .loop = &g->loop, .policy = &g->policy, .own = &g->own,
				       .resolver = &g->resolver };
	g->conns = (struct conn_table){ .loop = &g->loop, .policy = &g->policy,
					.names = &g->names, .record = &g->record, .dialler = &g->dialler };
	conn_table_init(&g->conns, max_conns);
	if (listen_all(g, n_listen, e) || watch_init(g, e) ||
	    steering_start(&g->steering, &g->loop, &g->names, &g->record, e) ||
	    sniffer_start(&g->sniffer, &g->loop, &g->names, &g->record, e) ||
	    watches_start(&g->watches, &g->loop, &g->record, e) ||
	    dns_server_init(&g->dns, &g->loop, &g->names, &g->record, e))
		return -1;
	return jail_enter(e);
}

static bool is_paused(const struct egress *g)
{
	for (size_t i = 0; i < g->n_listeners; i++)
		if (g->listeners[i].is_paused)
			return true;
	return false;
}

static int tick_interval(const struct egress *g)
{
	if (g->dialler.n_active > 0 || g->resolver.n_active > 0)
		return TICK_BUSY_MS;
	if (g->conns.n > 0 || g->record.missing.lines || is_paused(g))
		return TICK_MS;
	return -1;
}

static void tick(struct egress *g)
{
	int interval = tick_interval(g);

	if (interval < 0 || g->loop.now_ms - g->ticked_ms < interval)
		return;
	g->ticked_ms = g->loop.now_ms;
	resolver_tick(&g->resolver);
	conn_tick(&g->conns);
	for (size_t i = 0; i < g->n_listeners; i++)
		listener_tick(&g->listeners[i]);
	if (interval == TICK_MS)
		record_flush(&g->record);
}

static int serve(struct egress *g, struct err *e)
{
	while (!g->is_over) {
		bool more = conn_run_queue(&g->conns);

		if (loop_wait(&g->loop, more ? 0 : tick_interval(g), e))
			return -1;
		tick(g);
	}
	conn_close_all(&g->conns);
	record_flush(&g->record);
	return 0;
}

int main(void)
{
	static struct egress g;
	struct err e = ERR_INIT;

	signal(SIGPIPE, SIG_IGN); /* splice(2) has no MSG_NOSIGNAL */
	if (start(&g, &e)) {
		start_report(&e);
		return EXIT_FAILURE;
	}
	start_report(NULL);
	return serve(&g, &e) ? EXIT_FAILURE : EXIT_SUCCESS;
}
