/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_cgroup_bpf.c - runtime/cgroup: device rules, as v1 text and as a v2 program
 *
 * The program is run by a small interpreter and compared with dev_granted() on every device and
 * request of a small world; the v1 list is read back and compared the same way.
 */
#include <stdlib.h>

#include "base/str.h"
#include "base/table.h"
#include "cgroup/bpf_dev.h"
#include "cgroup/dev_rules.h"
#include "tests/unit/test.h"

#define MAX_RULES 16
#define MAX_STEPS 4096

/* "+c 1:3 rw" allows, "-a *:* rwm" denies; separated by ';'. */
static size_t parse(const char *text, struct plan_dev_rule *r)
{
	size_t n = 0;

	for (; *text; n++) {
		char sign, type, access[4], major[12], minor[12];
		int used = 0;

		if (n == MAX_RULES || sscanf(text, "%c%c %11[^:]:%11s %3[rwm]%n", &sign, &type,
					     major, minor, access, &used) != 5)
			return 0;
		r[n] = (struct plan_dev_rule){
			.allow = sign == '+',
			.type = type,
			.major = streq(major, "*") ? -1 : strtoll(major, NULL, 10),
			.minor = streq(minor, "*") ? -1 : strtoll(minor, NULL, 10),
			.read = strchr(access, 'r'),
			.write = strchr(access, 'w'),
			.mknod = strchr(access, 'm'),
		};
		text += used;
		text += *text == ';';
	}
	return n;
}

/* The instructions that bpf_dev.c uses; -1 for any other, for a jump out and for no end. */
static int64_t run(const struct dev_prog *p, char type, uint32_t major, uint32_t minor,
		   unsigned access)
{
	uint32_t ctx[3] = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			    major, minor };
	uint64_t reg[16] = { 0 };

	for (size_t pc = 0, steps = 0; pc < p->n && steps < MAX_STEPS; pc++, steps++) {
		const struct bpf_insn *i = &p->v[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm, *dst = &reg[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			if (i->src_reg != 1 || i->off < 0 || i->off > 8 || i->off % 4)
				return -1;
			*dst = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*dst &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*dst >>= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += *dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += *dst == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int64_t)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

/* The verdict that the kernel's v1 code would give (security/device_cgroup.c, match_exception*). */
static bool v1_verdict(const struct dev_list *l, char type, int64_t major, int64_t minor,
		       unsigned access)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct dev_exception *x = &l->v[i];

		if (x->type != type || (x->major >= 0 && x->major != major) ||
		    (x->minor >= 0 && x->minor != minor))
			continue;
		if (l->default_allow ? (access & x->access) != 0 : (access & ~x->access) == 0)
			return !l->default_allow;
	}
	return l->default_allow;
}

static const struct {
	const char *name, *rules;
	bool v1;
} sets[] = {
	{ "no rules deny everything", "", true },
	{ "deny all", "-a *:* rwm", true },
	{ "allow all", "+a *:* rwm", true },
	{ "an engine's default",
	  "-a *:* rwm;+c *:* m;+b *:* m;+c 1:3 rwm;+c 1:5 rwm;+c 5:2 rwm;+c 5:0 rw", true },
	{ "privileged, with one device taken out", "+a *:* rwm;-c 1:3 rwm", true },
	{ "privileged, with one access taken out", "+a *:* rwm;-b 2:* w", true },
	{ "the later rule wins over the earlier", "+c 1:3 rwm;-c 1:3 w", true },
	{ "and back again", "+c 1:3 rwm;-c 1:3 w;+c 1:3 w", true },
	{ "a narrow denial before a wide permission is undone", "-c 1:3 rwm;+c *:* rwm", true },
	{ "a wide denial takes every narrow permission", "+c 1:3 rwm;+c 1:5 r;-c 1:* rw", true },
	{ "deny all in the middle forgets what was before", "+c 1:3 rwm;-a *:* rwm;+c 5:0 r",
	  true },
	{ "type a with numbers is both types", "+a 1:3 rw", true },
	{ "two rules on one device add up", "+c 1:3 r;+c 1:3 w", true },
	{ "a wide rule adds to a narrow one", "+c *:* r;+c 1:3 w", true },
	{ "a hole in a wide rule", "+c 1:* rwm;-c 1:3 rwm", false },
	{ "a hole in a denial under allow all", "+a *:* rwm;-c 1:* rwm;+c 1:3 r", false },
	{ "crossing wildcards", "+c 1:* rw;-c *:3 w", false },
	{ "numbers that no device has", "+c 4294967297:3 rwm", true },
	{ "block and char are different", "+b 1:3 rwm", true },
};

static const struct {
	char type;
	uint32_t major, minor;
} world[] = {
	{ 'c', 1, 3 }, { 'c', 1, 5 },	      { 'c', 2, 3 }, { 'c', 5, 0 },
	{ 'c', 5, 2 }, { 'c', 255, 1048575 }, { 'b', 1, 3 }, { 'b', 2, 0 },
};

static void one_set(const char *name, const struct plan_dev_rule *r, size_t n, bool v1)
{
	struct dev_prog p;
	struct dev_list l;
	bool prog_ok = true, list_ok = true;
	bool reduced = dev_reduce(r, n, &l, NULL) == 0;

	dev_prog_build(r, n, &p);
	for (size_t i = 0; i < ARRAY_SIZE(world); i++) {
		unsigned granted = dev_granted(r, n, world[i].type, world[i].major, world[i].minor);

		for (unsigned access = 1; access <= DEV_ALL; access++) {
			bool want = (access & ~granted) == 0;

			prog_ok = prog_ok && run(&p, world[i].type, world[i].major, world[i].minor,
						 access) == want;
			list_ok = list_ok &&
				  (!reduced || v1_verdict(&l, world[i].type, world[i].major,
							  world[i].minor, access) == want);
		}
	}
	t_ok(prog_ok, name);
	if (!t_ok(reduced == v1 && list_ok, v1 ? "  the same as a v1 list" : "  v1 refuses it"))
		t_note("reduced %d, same %d", reduced, list_ok);
	dev_prog_done(&p);
	dev_list_done(&l);
}

static void verdicts(void)
{
	static const struct {
		const char *name, *rules;
		char type;
		int64_t major, minor;
		unsigned want;
	} rows[] = {
		{ "an unnamed device is denied", "+c 1:3 rwm", 'c', 1, 5, 0 },
		{ "no rules deny", "", 'c', 1, 3, 0 },
		{ "mknod alone is not read", "+c *:* m", 'c', 1, 3, DEV_MKNOD },
		{ "a denial of write leaves read", "+c 1:3 rw;-c 1:3 w", 'c', 1, 3, DEV_READ },
		{ "char is not block", "+c 8:0 rwm", 'b', 8, 0, 0 },
		{ "the last rule decides", "-c 1:3 rwm;+a *:* rwm", 'c', 1, 3, DEV_ALL },
	};
	struct plan_dev_rule r[MAX_RULES];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = parse(rows[i].rules, r);

		t_ok(dev_granted(r, n, rows[i].type, rows[i].major, rows[i].minor) == rows[i].want,
		     rows[i].name);
	}
}

static void texts(void)
{
	char buf[DEV_TEXT_MAX];

	dev_exception_text(&(struct dev_exception){ 'c', -1, -1, DEV_MKNOD }, buf);
	t_ok(streq(buf, "c *:* m"), "any number is a star");
	dev_exception_text(&(struct dev_exception){ 'b', 8, 16, DEV_READ | DEV_WRITE }, buf);
	t_ok(streq(buf, "b 8:16 rw"), "numbers are decimal");
}

int main(void)
{
	struct plan_dev_rule r[MAX_RULES];

	verdicts();
	texts();
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		one_set(sets[i].name, r, parse(sets[i].rules, r), sets[i].v1);
	return t_done();
}
