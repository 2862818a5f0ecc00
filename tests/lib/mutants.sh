# shellcheck shell=bash
# mutants.sh - the build in which rules can be switched off and faults injected; never installed

# Prints the directory of the build, made once; $1 is the top of the sources.
mutants_build() {
	local dir=$1/build/mutants
	mkdir -p "$dir"
	(
		cd "$dir" || exit 1
		[ -x "$1/configure" ] || (cd "$1" && ./autogen.sh)
		[ -f Makefile ] || "$1/configure" --sysconfdir=/etc --libexecdir="$dir" --enable-mutants
		make -j"$(nproc)" && make check TESTS_TALLY=
	) >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log" >&2; return 1; }
	echo "$dir"
}

# Names in mutant("...") or fault("...") of the sources, and those of the rule tables in
# spec/check*.c and plan/check.c, which pass the row's name.
mutants_named() { # WHAT TOP
	{
		grep -rhoE "\b$1\(\"[^\"]+\"\)" "$2/runtime" "$2/spec" "$2/profiles" --include='*.c' |
			sed -E 's/.*\("([^"]+)"\)/\1/'
		[ "$1" != mutant ] || sed -nE 's/^\t\{ "(spec\.[a-z.]+)", .*/\1/p' "$2"/spec/check*.c
		[ "$1" != mutant ] || grep -oE '\{ "check\.[a-z_]+"' "$2/runtime/plan/check.c" | cut -d'"' -f2
	} | sort -u
}
