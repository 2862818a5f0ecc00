/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer.c - the sk_lookup program of A, instruction by instruction
 *
 * The kernel runs it for each TCP segment and UDP datagram for which it knows no connection, and
 * before it looks for a listener (Documentation/bpf/prog_sk_lookup.rst):
 *
 *	r6 = context, r7 = port, r8 = slot or -1, r9 = index of the proxy's socket
 *	port 53, any address:		the proxy
 *	127/8, ::1, A's own address:	as without us
 *	UDP from port 53 (an answer):	as without us
 *	UDP:				refused
 *	TCP, no entry has the port:	refused
 *	TCP, an address of a slot:	the proxy, if the slot has the port's bit; else refused
 *	TCP, another address:		the proxy, if an entry of addresses has the port
 *
 * A refusal is SK_DROP, for which the kernel answers with a reset or "port unreachable": the
 * client sees "connection refused" at once. It is told to the proxy through the ring. What the
 * container itself listens on stays reachable on loopback, where its clients look for it, and no
 * port is taken from it: the proxy's sockets are bound to one port only (exec/a_socks.c).
 */
#include "sys/steer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP };

/* Places that are jumped to before their distance is known. */
enum label {
	L_IPV6,
	L_NOT_LO6,
	L_COMMON,
	L_TCP,
	L_SIEVE,
	L_LITERAL,
	L_STEER,
	L_PASS,
	L_REFUSE,
	L_DROP,
	L__COUNT
};

struct prog {
	struct bpf_insn *v;
	size_t n;
	size_t at[L__COUNT];
	struct { size_t insn; enum label to; } jump[32];
	size_t n_jumps;
};

#define CTX(member) ((int)offsetof(struct bpf_sk_lookup, member))
#define PAGE(member) ((int)offsetof(struct steer_page, member))
#define EV	    (-(int)sizeof(struct steer_event)) /* the event, from the frame pointer */
#define EV_AT(member) (EV + (int)offsetof(struct steer_event, member))
#define KEY	    (EV - 8)

static void emit(struct prog *p, int code, int dst, int src, int off, int imm)
{
	p->v[p->n++] = (struct bpf_insn){ .code = (uint8_t)code, .dst_reg = dst & 15u,
					  .src_reg = src & 15u, .off = (int16_t)off, .imm = imm };
}

static void mov(struct prog *p, int dst, int imm)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void copy(struct prog *p, int dst, int src)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void alu(struct prog *p, int op, int dst, int imm)
{
	emit(p, BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

static void alu32(struct prog *p, int op, int dst, int imm)
{
	emit(p, BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

static void alu_reg(struct prog *p, int op, int dst, int src)
{
	emit(p, BPF_ALU64 | op | BPF_X, dst, src, 0, 0);
}

static void to_host(struct prog *p, int reg)
{
	emit(p, BPF_ALU | BPF_END | BPF_TO_BE, reg, 0, 0, 32);
}

static void load(struct prog *p, int size, int dst, int src, int off)
{
	emit(p, BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static void store(struct prog *p, int size, int src, int off)
{
	emit(p, BPF_STX | BPF_MEM | size, FP, src, off, 0);
}

static void store_imm(struct prog *p, int size, int off, uint32_t imm)
{
	emit(p, BPF_ST | BPF_MEM | size, FP, 0, off, (int)imm);
}

static void call(struct prog *p, int helper)
{
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void jump(struct prog *p, int op, int reg, uint32_t imm, enum label to)
{
	p->jump[p->n_jumps].insn = p->n;
	p->jump[p->n_jumps++].to = to;
	/* 32 bits: addresses are compared as they are, without a sign */
	emit(p, (op == BPF_JA ? BPF_JMP : BPF_JMP32) | op | BPF_K, reg, 0, 0, (int)imm);
}

static void label(struct prog *p, enum label l)
{
	p->at[l] = p->n;
}

static void patch_jumps(struct prog *p)
{
	for (size_t i = 0; i < p->n_jumps; i++)
		p->v[p->jump[i].insn].off =
			(int16_t)(p->at[p->jump[i].to] - p->jump[i].insn - 1);
}

static void load_map(struct prog *p, int dst, int fd, bool value)
{
	emit(p, BPF_LD | BPF_DW | BPF_IMM, dst, value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD, 0,
	     fd);
	emit(p, 0, 0, 0, 0, 0); /* the second half: an offset of 0 */
}

/* r8 = the slot, where the IPv4 address is one's; the event's address. */
static void address4(struct prog *p)
{
	load(p, BPF_W, R1, R6, CTX(local_ip4));
	store_imm(p, BPF_W, EV_AT(addr[0]), 0);
	store_imm(p, BPF_W, EV_AT(addr[1]), 0);
	store_imm(p, BPF_W, EV_AT(addr[2]), htonl(0xffff));
	store(p, BPF_W, R1, EV_AT(addr[3]));
	mov(p, R9, STEER_TCP4);
	to_host(p, R1);
	copy(p, R8, R1);
	alu32(p, BPF_SUB, R8, (int)STEER_NET4);
	alu32(p, BPF_RSH, R1, 24);
	jump(p, BPF_JA, 0, 0, L_COMMON);
}

/* The same for IPv6; r1 = 127 for ::1, so that both loopbacks look alike. */
static void address6(struct prog *p)
{
	label(p, L_IPV6);
	for (int i = 0; i < 4; i++) {
		load(p, BPF_W, R2 + i, R6, CTX(local_ip6[0]) + 4 * i);
		store(p, BPF_W, R2 + i, EV_AT(addr[0]) + 4 * i);
	}
	mov(p, R9, STEER_TCP6);
	mov(p, R1, 0);
	mov(p, R8, -1);
	jump(p, BPF_JNE, R2, 0, L_NOT_LO6);
	jump(p, BPF_JNE, R3, 0, L_COMMON);
	jump(p, BPF_JNE, R4, 0, L_COMMON);
	jump(p, BPF_JNE, R5, htonl(1), L_COMMON);
	mov(p, R1, IN_LOOPBACKNET);
	jump(p, BPF_JA, 0, 0, L_COMMON);
	label(p, L_NOT_LO6);
	jump(p, BPF_JNE, R2, htonl(STEER_NET6), L_COMMON);
	jump(p, BPF_JNE, R3, htonl(STEER_NET6_2), L_COMMON);
	jump(p, BPF_JNE, R4, 0, L_COMMON);
	copy(p, R8, R5);
	to_host(p, R8);
}

/* What the page says about (slot, port). */
static void sieve(struct prog *p, const struct steer_maps *m)
{
	load_map(p, R3, m->page, true);
	copy(p, R2, R3);
	alu_reg(p, BPF_ADD, R2, R7);
	alu(p, BPF_ADD, R2, PAGE(port)); /* too far for a load's own offset */
	load(p, BPF_B, R4, R2, 0);
	jump(p, BPF_JGE, R8, STEER_SLOTS, L_LITERAL);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, R4, 0, 1, STEER_NAMES);
	jump(p, BPF_JA, 0, 0, L_REFUSE);
	alu(p, BPF_AND, R8, STEER_SLOTS - 1);
	alu(p, BPF_LSH, R8, 3);
	alu_reg(p, BPF_ADD, R3, R8);
	load(p, BPF_DW, R5, R3, PAGE(slot));
	alu(p, BPF_AND, R4, STEER_BIT_MASK);
	alu_reg(p, BPF_RSH, R5, R4);
	alu(p, BPF_AND, R5, 1);
	jump(p, BPF_JNE, R5, 0, L_STEER);
	jump(p, BPF_JA, 0, 0, L_REFUSE);
	label(p, L_LITERAL);
	alu(p, BPF_AND, R4, STEER_ADDRS);
	jump(p, BPF_JEQ, R4, 0, L_REFUSE);
}

static void give_to_proxy(struct prog *p, const struct steer_maps *m)
{
	label(p, L_STEER);
	store(p, BPF_W, R9, KEY);
	load_map(p, R1, m->sockets, false);
	copy(p, R2, FP);
	alu(p, BPF_ADD, R2, KEY);
	call(p, BPF_FUNC_map_lookup_elem);
	emit(p, BPF_JMP | BPF_JNE | BPF_K, R0, 0, 1, 0);
	jump(p, BPF_JA, 0, 0, L_DROP);
	copy(p, R7, R0);
	copy(p, R1, R6);
	copy(p, R2, R0);
	mov(p, R3, 0);
	call(p, BPF_FUNC_sk_assign);
	copy(p, R8, R0);
	copy(p, R1, R7);
	call(p, BPF_FUNC_sk_release);
	jump(p, BPF_JNE, R8, 0, L_DROP);
	label(p, L_PASS);
	mov(p, R0, SK_PASS);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void refuse(struct prog *p, const struct steer_maps *m)
{
	label(p, L_REFUSE);
	load_map(p, R1, m->ring, false);
	copy(p, R2, FP);
	alu(p, BPF_ADD, R2, EV);
	mov(p, R3, (int)sizeof(struct steer_event));
	mov(p, R4, 0);
	call(p, BPF_FUNC_ringbuf_output);
	jump(p, BPF_JEQ, R0, 0, L_DROP);
	load_map(p, R1, m->page, true);
	mov(p, R2, 1);
	emit(p, BPF_STX | BPF_ATOMIC | BPF_DW, R1, R2, PAGE(lost), BPF_ADD);
	label(p, L_DROP);
	mov(p, R0, SK_DROP);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

size_t steer_program(const struct steer_maps *m, struct bpf_insn out[STEER_INSNS_MAX])
{
	struct prog p = { .v = out };

	copy(&p, R6, R1);
	load(&p, BPF_W, R7, R6, CTX(local_port));
	alu(&p, BPF_AND, R7, 0xffff);
	load(&p, BPF_W, R0, R6, CTX(protocol));
	store_imm(&p, BPF_W, EV_AT(port), 0);
	store_imm(&p, BPF_W, EV_AT(pad[1]), 0);
	store(&p, BPF_H, R7, EV_AT(port));
	store(&p, BPF_B, R0, EV_AT(proto));
	load(&p, BPF_W, R1, R6, CTX(family));
	jump(&p, BPF_JNE, R1, AF_INET, L_IPV6);
	address4(&p);
	address6(&p);
	label(&p, L_COMMON); /* r0 = protocol, r1 = 127 on loopback */
	jump(&p, BPF_JEQ, R0, IPPROTO_TCP, L_TCP);
	alu(&p, BPF_ADD, R9, STEER_UDP4 - STEER_TCP4);
	label(&p, L_TCP);
	jump(&p, BPF_JEQ, R7, STEER_DNS, L_STEER);
	if (!mutant("steer.loopback"))
		jump(&p, BPF_JEQ, R1, IN_LOOPBACKNET, L_PASS);
	jump(&p, BPF_JLE, R8, STEER_OWN, L_PASS);
	jump(&p, BPF_JEQ, R0, IPPROTO_TCP, L_SIEVE);
	load(&p, BPF_H, R1, R6, CTX(remote_port));
	jump(&p, BPF_JEQ, R1, htons(STEER_DNS), L_PASS);
	jump(&p, BPF_JA, 0, 0, L_REFUSE);
	label(&p, L_SIEVE);
	sieve(&p, m);
	give_to_proxy(&p, m);
	refuse(&p, m);
	patch_jumps(&p);
	return p.n;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(unsigned type, unsigned value_size, unsigned entries, unsigned flags,
		    const char *name)
{
	union bpf_attr attr = { .map_type = type, .key_size = value_size ? 4 : 0,
				.value_size = value_size, .max_entries = entries,
				.map_flags = flags };

	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	return bpf(BPF_MAP_CREATE, &attr);
}

static int load_program(const struct bpf_insn *v, size_t n)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SK_LOOKUP,
				.expected_attach_type = BPF_SK_LOOKUP,
				.insns = (uintptr_t)v,
				.insn_cnt = (unsigned)n,
				.license = (uintptr_t) "Apache-2.0",
				.prog_name = "agentrt_steer" };

	return bpf(BPF_PROG_LOAD, &attr);
}

static int set_socket(int map, uint32_t key, int fd)
{
	uint64_t value = (uint64_t)fd;
	union bpf_attr attr = { .map_fd = (unsigned)map, .key = (uintptr_t)&key,
				.value = (uintptr_t)&value };

	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static int make_maps(struct steer_maps *ret, struct err *e)
{
	auto_close int sockets = make_map(BPF_MAP_TYPE_SOCKMAP, sizeof(uint64_t),
					  STEER_SOCKET__COUNT, 0, "agentrt_socks");
	auto_close int page = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct steer_page), 1,
				       BPF_F_MMAPABLE, "agentrt_page");
	auto_close int ring = make_map(BPF_MAP_TYPE_RINGBUF, 0,
				       STEER_RING_PAGES * (unsigned)sysconf(_SC_PAGESIZE), 0,
				       "agentrt_ring");

	if (sockets < 0 || page < 0 || ring < 0)
		return err_sys(e, "make the maps of the steering program");
	*ret = (struct steer_maps){ take_fd(sockets), take_fd(page), take_fd(ring) };
	return 0;
}

int steer_load(struct steer *ret, struct err *e)
{
	struct bpf_insn v[STEER_INSNS_MAX];
	struct steer_maps m = { -1, -1, -1 };

	if (make_maps(&m, e))
		return -1;
	auto_close int sockets = m.sockets, page = m.page, ring = m.ring;
	auto_close int prog = load_program(v, steer_program(&m, v));
	if (prog < 0)
		return err_sys(e, "load the steering program (BPF_PROG_TYPE_SK_LOOKUP)");
	*ret = (struct steer){ -1, take_fd(page), take_fd(ring), take_fd(prog), take_fd(sockets) };
	return 0;
}

int steer_attach(struct steer *s, int netns, const int socket[STEER_SOCKET__COUNT], struct err *e)
{
	union bpf_attr attr = { .link_create = { .prog_fd = (unsigned)s->prog,
						 .target_fd = (unsigned)netns,
						 .attach_type = BPF_SK_LOOKUP } };

	for (uint32_t i = 0; i < STEER_SOCKET__COUNT; i++)
		if (socket[i] >= 0 && set_socket(s->sockets, i, socket[i]) < 0)
			return err_sys(e, "give the steering program its sockets");
	s->link = bpf(BPF_LINK_CREATE, &attr);
	if (s->link < 0)
		return err_sys(e, "attach the steering program");
	fd_close(&s->prog);
	fd_close(&s->sockets);
	return 0;
}

void steer_done(struct steer *s)
{
	fd_close(&s->link);
	fd_close(&s->page);
	fd_close(&s->ring);
	fd_close(&s->prog);
	fd_close(&s->sockets);
}

bool steer_is_possible(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = R0, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	auto_close int fd = load_program(nothing, ARRAY_SIZE(nothing));

	return fd >= 0;
}
