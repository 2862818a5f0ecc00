# shellcheck shell=bash
# tap.sh - TAP for shell tests. Names are sentences; ok/is/like/unlike print one result each.
# With TAP_FIRST in the environment the first failure ends the test.
tap_n=0 tap_bad=0

ok() { # NAME STATUS...: passes when the command given as the rest succeeds
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	tap_result "$name" "$status" "$out"
}
not_ok_cmd() { # NAME COMMAND...: passes when the command fails
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then tap_result "$name" 1 "succeeded: $out"; else tap_result "$name" 0 ""; fi
}
is() { # NAME GOT WANT
	if [ "$2" = "$3" ]; then tap_result "$1" 0 ""; else tap_result "$1" 1 "got: $2"$'\n'"want: $3"; fi
}
like() { # NAME GOT EXTENDED-REGEX
	if grep -Eq -- "$3" <<<"$2"; then tap_result "$1" 0 ""; else tap_result "$1" 1 "got: $2"$'\n'"want a match of: $3"; fi
}
unlike() { # NAME GOT EXTENDED-REGEX
	if grep -Eq -- "$3" <<<"$2"; then tap_result "$1" 1 "got: $2"$'\n'"must not match: $3"; else tap_result "$1" 0 ""; fi
}
skip() { # NAME WHY
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}
tap_result() { # NAME STATUS NOTE
	tap_n=$((tap_n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $tap_n - $1"
	else
		tap_bad=$((tap_bad + 1))
		echo "not ok $tap_n - $1"
		head -n 12 <<<"$3" | cut -c1-400 | sed 's/^/#   /'
		[ -z "${TAP_FIRST:-}" ] || exit 1
	fi
}
tap_merge() { # FILE...: results that were printed elsewhere, numbered on
	awk -v n="$tap_n" '/^(not )?ok [0-9]+ / {sub(/ok [0-9]+/, "ok " ++n)} {print}' "$@"
	tap_n=$((tap_n + $(cat "$@" | grep -cE '^(not )?ok ')))
	tap_bad=$((tap_bad + $(cat "$@" | grep -c '^not ok ')))
}
tap_done() {
	echo "1..$tap_n"
	[ "$tap_bad" -eq 0 ]
}
