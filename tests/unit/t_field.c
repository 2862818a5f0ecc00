/* SPDX-License-Identifier: Apache-2.0 */
/* t_field.c - the table-driven decoder and encoder, with a table of their own */
#include "spec/field.h"
#include "spec/oci.h"
#include "tests/unit/test.h"

struct inner { const char *key; int32_t n; bool must; };
struct thing {
	const char *text;
	bool yes;
	int32_t i32;
	int64_t i64;
	struct opt_bool ob;
	int choice;
	uint32_t f32;
	uint64_t bits;
	uint32_t *nums;
	size_t n_nums;
	int *choices;
	size_t n_choices;
	struct inner in;
	bool has_in;
	struct inner *ptr;
	struct inner *keyed;
	size_t n_keyed;
};

static const struct name_table colours = {
	"colour", (const struct name_row[]){ { "red", 1 }, { "green", 2 }, { "blue", 4 } }, 3,
};

static const struct field_table inner_table = {
	"inner", sizeof(struct inner),
	(const struct field[]){
		{ .name = "n", .type = F_I32, .offset = offsetof(struct inner, n) },
		{ .name = "must", .type = F_BOOL, .need = FIELD_REQUIRED,
		  .offset = offsetof(struct inner, must) },
		{ .name = NULL },
	},
};

#define AT(m) .offset = offsetof(struct thing, m)
#define N(m) .offset2 = offsetof(struct thing, m)
static const struct field_table thing_table = {
	"thing", sizeof(struct thing),
	(const struct field[]){
		{ .name = "text", .type = F_STRING, AT(text) },
		{ .name = "yes", .type = F_BOOL, AT(yes) },
		{ .name = "i32", .type = F_I32, AT(i32) },
		{ .name = "i64", .type = F_I64, AT(i64) },
		{ .name = "ob", .type = F_OPT_BOOL, AT(ob) },
		{ .name = "choice", .type = F_ENUM, AT(choice), .arg = &colours },
		{ .name = "f32", .type = F_FLAGS32, AT(f32), .arg = &colours },
		{ .name = "bits", .type = F_BITS64, AT(bits), .arg = &colours },
		{ .name = "nums", .type = F_U32S, AT(nums), N(n_nums) },
		{ .name = "choices", .type = F_ENUMS, AT(choices), N(n_choices), .arg = &colours },
		{ .name = "in", .type = F_OBJECT, AT(in), N(has_in), .arg = &inner_table },
		{ .name = "ptr", .type = F_OBJECT_PTR, AT(ptr), .arg = &inner_table },
		{ .name = "keyed", .type = F_KEYED, AT(keyed), N(n_keyed), .arg = &inner_table },
		{ .name = "old", .type = F_IGNORED, .section = "nothing" },
		{ .name = "later", .type = F_UNSUPPORTED, .section = "later.md" },
		{ .name = NULL },
	},
};

static int decode(struct arena *a, const char *text, bool strict, struct thing *t, struct err *e)
{
	struct field_ctx c = { .a = a, .name = "t", .unknown_is_error = strict };
	struct json *v;

	if (json_parse(a, text, strlen(text), "t", &v, e))
		return -1;
	return field_decode(&c, &thing_table, v, t, e);
}

static void turns(void)
{
	static const struct { const char *name, *in, *want; bool strict; } rows[] = {
		{ "absence", "{}", "{}", true },
		{ "everything",
		  "{\"text\":\"x\",\"yes\":true,\"i32\":-2147483648,\"i64\":-1,\"ob\":false,"
		  "\"choice\":\"green\",\"f32\":[\"red\",\"blue\"],\"bits\":[\"blue\"],"
		  "\"nums\":[0,4294967295],\"choices\":[\"blue\",\"red\",\"blue\"],"
		  "\"in\":{\"must\":false},\"ptr\":{\"n\":1,\"must\":true},"
		  "\"keyed\":{\"k\":{\"must\":false},\"\":{\"must\":true}}}", NULL, true },
		{ "flags come back in the table's order, once", "{\"f32\":[\"blue\",\"red\",\"blue\"]}",
		  "{\"f32\":[\"red\",\"blue\"]}", true },
		{ "zeros are absent", "{\"yes\":false,\"i32\":0,\"f32\":[],\"nums\":[]}", "{}", true },
		{ "an empty string of a strict document stays", "{\"text\":\"\"}", NULL, true },
		{ "an empty string of a lenient document is absent", "{\"text\":\"\"}", "{}", false },
		{ "null in a lenient document is absent", "{\"nums\":null,\"ptr\":null}", "{}", false },
		{ "null in a strict document is an error", "{\"nums\":null}",
		  "t:1:9: nums: must be an array, is null", true },
		{ "unknown in a lenient document", "{\"x\":{\"y\":1}}", "{}", false },
		{ "unknown in a strict document", "{\"x\":1}", "t:1:6: x: unknown property of thing",
		  true },
		{ "unknown inside", "{\"in\":{\"must\":true,\"y\":1}}",
		  "t:1:24: in.y: unknown property of inner", true },
		{ "required inside an object", "{\"in\":{}}",
		  "t:1:7: in: property \"must\" is required", true },
		{ "required inside a keyed object", "{\"keyed\":{\"k\":{}}}",
		  "t:1:15: keyed.k: property \"must\" is required", true },
		{ "a wrong element", "{\"choices\":[\"red\",\"pink\"]}",
		  "t:1:19: choices[1]: unknown colour \"pink\"", true },
		{ "ignored", "{\"old\":[1,2]}", "{}", true },
		{ "unsupported", "{\"later\":{}}",
		  "t:1:10: later: not implemented by agentrt (later.md)", true },
		{ "unsupported, but asking for nothing", "{\"later\":[]}", "{}", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf b = STRBUF_INIT;
		struct thing t = { 0 };
		struct err e = ERR_INIT;
		const char *want = rows[i].want ? rows[i].want : rows[i].in;

		field_init(&thing_table, &t);
		if (decode(&a, rows[i].in, rows[i].strict, &t, &e))
			strbuf_adds(&b, e.msg);
		else
			field_encode(&b, &thing_table, &t);
		if (!t_ok(streq(b.p, want), rows[i].name))
			t_note("got %s", b.p);
	}
}

static void laid_over(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct thing t = { 0 };
	struct err e = ERR_INIT;
	static const char first[] = "{\"text\":\"a\",\"choice\":\"red\",\"nums\":[1,2],"
				    "\"in\":{\"n\":3,\"must\":true}}";

	field_init(&thing_table, &t);
	t_ok(t.choice == -1 && !t.text, "an absent enum is -1");
	t_ok(!decode(&a, first, true, &t, &e) &&
	     !decode(&a, "{\"nums\":[7],\"in\":{\"must\":true}}", true, &t, &e),
	     "a second document is laid over the first");
	t_ok(streq(t.text, "a") && t.choice == 1 && t.in.n == 3, "what it does not mention stays");
	t_ok(t.n_nums == 1 && t.nums[0] == 7, "a list is replaced");
}

static void long_paths(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct thing t = { 0 };
	struct err e = ERR_INIT;

	strbuf_adds(&b, "{\"keyed\":{\"");
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&b, "long");
	strbuf_adds(&b, "\":{}}}");
	t_ok(decode(&a, b.p, true, &t, &e) && strlen(e.msg) < 200, "a long name is cut in messages");
}

int main(void)
{
	turns();
	laid_over();
	long_paths();
	return t_done();
}
