/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - reading and writing config.json and the parts of it that commands read alone */
#include "spec/spec.h"

#include "spec/json.h"
#include "spec/oci_tables.h"

static const struct field_table root = {
	.what = "root",
	.size = sizeof(struct oci_root),
	.fields = (const struct field[]){
		ROW("path", F_STRING, REQ, struct oci_root, path, NULL, "config.md#root"),
		ROW("readonly", F_BOOL, OPT, struct oci_root, readonly, NULL, "config.md#root"),
		ROW_END,
	},
};

#define S struct oci_spec

const struct field_table oci_spec_table = {
	.what = "config",
	.size = sizeof(S),
	.fields = (const struct field[]){
		ROW("ociVersion", F_STRING, REQ, S, oci_version, NULL,
		    "config.md#specification-version"),
		ROW("root", F_OBJECT_PTR, OPT, S, root, &root, "config.md#root"),
		ROW("process", F_OBJECT_PTR, OPT, S, process, &oci_process_table,
		    "config.md#process"),
		ROW("hostname", F_STRING, OPT, S, hostname, NULL, "config.md#hostname"),
		ROW("domainname", F_STRING, OPT, S, domainname, NULL, "config.md#domainname"),
		ROW_N("mounts", F_OBJECTS, OPT, S, mounts, n_mounts, &oci_mount_table,
		      "config.md#mounts"),
		ROW("hooks", F_OBJECT, OPT, S, hooks, &oci_hooks_table,
		    "config.md#posix-platform-hooks"),
		ROW_N("annotations", F_MAP, OPT, S, annotations, n_annotations, NULL,
		      "config.md#annotations"),
		ROW_N("linux", F_OBJECT, OPT, S, linux_, has_linux, &oci_linux_table,
		      "config-linux.md"),
		ROW_IGNORED("solaris", "another platform"),
		ROW_IGNORED("windows", "another platform"),
		ROW_IGNORED("vm", "another platform"),
		ROW_IGNORED("zos", "another platform"),
		ROW_IGNORED("freebsd", "another platform"),
		ROW_END,
	},
};

static int parse(struct arena *a, const char *text, size_t len, const char *name,
		 const struct field_table *t, void **ret_obj, struct err *e)
{
	struct field_ctx c = { .a = a, .name = name };
	struct json *v;

	if (len > SPEC_MAX_BYTES)
		return err_set(e, ERR_INPUT, "%s: larger than %u bytes", name, SPEC_MAX_BYTES);
	if (json_parse(a, text, len, name, &v, e))
		return -1;

	void *obj = arena_alloc(a, 1, t->size);

	field_init(t, obj);
	if (field_decode(&c, t, v, obj, e))
		return -1;
	*ret_obj = obj;
	return 0;
}

int spec_parse(struct arena *a, const char *text, size_t len, const char *name,
	       struct oci_spec **ret_spec, struct err *e)
{
	void *obj;

	if (parse(a, text, len, name, &oci_spec_table, &obj, e))
		return -1;
	*ret_spec = obj;
	return 0;
}

int spec_parse_process(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_process **ret_process, struct err *e)
{
	void *obj;

	if (parse(a, text, len, name, &oci_process_table, &obj, e))
		return -1;
	*ret_process = obj;
	return 0;
}

int spec_parse_resources(struct arena *a, const char *text, size_t len, const char *name,
			 struct oci_resources **ret_resources, struct err *e)
{
	void *obj;

	if (parse(a, text, len, name, &oci_resources_table, &obj, e))
		return -1;
	*ret_resources = obj;
	return 0;
}

int spec_parse_seccomp(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_seccomp **ret_seccomp, struct err *e)
{
	void *obj;

	if (parse(a, text, len, name, &oci_seccomp_table, &obj, e))
		return -1;
	*ret_seccomp = obj;
	return 0;
}

void spec_write(struct strbuf *b, const struct oci_spec *s)
{
	field_encode(b, &oci_spec_table, s);
}

void spec_write_process(struct strbuf *b, const struct oci_process *p)
{
	field_encode(b, &oci_process_table, p);
}

void spec_write_resources(struct strbuf *b, const struct oci_resources *r)
{
	field_encode(b, &oci_resources_table, r);
}
