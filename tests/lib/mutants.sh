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
		make -j"$(nproc)" all && make -j"$(nproc)" tests/egress/launch && make check TESTS_TALLY=
	) >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log" >&2; return 1; }
	echo "$dir"
}

ops_performed() { # TOP: "op.<kind>" of every row of the table in exec/run.c
	local kinds
	kinds=$(grep -oE '^[[:space:]]+\[OP_[A-Z_]+\] = \{ do_' "$1/runtime/exec/run.c" | grep -oE 'OP_[A-Z_]+' | sort -u | paste -sd '|')
	sed -nE "s/^\t\[($kinds)\] = \{ \"([a-z-]+)\".*/op.\2/p" "$1/runtime/plan/op.c"
}

# Names in mutant("...") or fault("...") of the sources; those of tables whose rows pass their name
# (rules of spec/check*.c and plan/check.c, steps of delete); and "op.<kind>" for every operation
# kind that exec/run.c performs.
mutants_named() { # WHAT TOP
	{
		grep -rhoE "\b$1\(\"[^\"]+\"\)" "$2/runtime" "$2/spec" "$2/profiles" --include='*.c' |
			sed -E 's/.*\("([^"]+)"\)/\1/'
		grep -oE '\{ "[a-z]+", [a-z_]+, (true|false) \}' "$2/runtime/cmd/container.c" | cut -d'"' -f2 | sed 's/^/delete./'
		ops_performed "$2"
		[ "$1" != mutant ] || sed -nE 's/^\t\{ "(spec\.[a-z.]+)", .*/\1/p' "$2"/spec/check*.c
		[ "$1" != mutant ] || grep -oE '\{ "check\.[a-z_]+"' "$2/runtime/plan/check.c" | cut -d'"' -f2
	} | sort -u
}

# Those that can matter under `--profile oci`: not what is switched only in the agent profile or its proxy.
mutants_of_oci() { # TOP
	comm -23 <(mutants_named mutant "$1") <(comm -23 <(mutants_in "$1"/profiles "$1"/runtime/egress) \
		<(mutants_in "$1"/spec $(find "$1/runtime" -mindepth 1 -maxdepth 1 -type d ! -name egress)))
}
mutants_in() { grep -rhoE '\bmutant\("[^"]+"\)' "$@" --include='*.c' | cut -d'"' -f2 | sort -u; } # DIR...
