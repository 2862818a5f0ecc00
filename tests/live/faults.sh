#!/usr/bin/env bash
# faults.sh - every command fails, or is killed, at every place that can: one clear error, nothing left.
#
# Every name in fault("...") is tried with create, start, exec and delete under two profiles, which run
# beside each other. A place counts only where it was really reached: one that no command reaches is a
# failure of this test.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib/tap.sh"
. "$top/tests/lib/mutants.sh"
dir=$(mutants_build "$top") || { echo "Bail out! the mutants build failed"; exit 1; }
agentrt=$dir/agentrt
work=$(mktemp -d /tmp/agentrt-faults.XXXXXX)
. "$top/tests/lib/bundle.sh"
cleanup() {
	kill $(jobs -p) 2>/dev/null
	for profile in agent oci; do
		for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done
	done
	bundle_cleanup
}
trap cleanup EXIT
bundle_setup
hook='{"path": "/bin/true"}'
most=".process.args = [\"sleep\", \"60\"] | .domainname = \"d\" | .process.rlimits = [{\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 0}]
	| .process.oomScoreAdj = 10 | .process.scheduler = {\"policy\": \"SCHED_BATCH\", \"nice\": 1}
	| .linux.seccomp = {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"swapon\"], \"action\": \"SCMP_ACT_ERRNO\"}]}
	| .root.readonly = true | .hooks = {\"createRuntime\": [$hook], \"poststop\": [$hook]}"
bundle plain "$most"
bundle tty "$most | .process.terminal = true"
perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])); listen(S, 99); sleep 900' \
	"$work/console" &

is_clean() { # NAME: what dies asynchronously may take a moment
	local i now
	for ((i = 0; i < 20; i++)); do
		now=$(left_of "-$profile-$$" "$work/state.$profile")
		[ -z "$now" ] && break
		sleep 0.05
	done
	is "$1" "$now" ""
}
rt() { TEST_MARK=-$profile-$$ timeout 30 "$agentrt" --root "$work/state.$profile" "$@"; }
create() {
	local opts=(--bundle "$work/$kind" --pid-file "$work/pid.$profile")
	[ "$kind" = tty ] && opts+=(--console-socket "$work/console")
	rt --profile "$profile" create "${opts[@]}" "$id" </dev/null >/dev/null 2>"$work/err.$profile"
}
start() { rt start "$id" </dev/null >/dev/null 2>"$work/err.$profile"; }
execute() { rt exec $([ "$kind" = tty ] && echo --tty --console-socket "$work/console") --detach "$id" sleep 60 </dev/null >/dev/null 2>"$work/err.$profile"; }
delete() { rt delete "$@" "$id" </dev/null >/dev/null 2>"$work/err.$profile"; }

# at PLACE COMMAND...: whether the command failed there (or warned, where it must go on); its words are
# checked. One that did not get there must have succeeded.
at() {
	local place=$1 status
	shift
	AGENTRT_FAULT=$place "$@"
	status=$?
	if ! grep -qE 'injected|c_exec|input/output error' "$work/err.$profile" && [ "$place" != p_map.clone ]; then
		[ $status -eq 0 ] || tap_result "$profile: $1 fails at $place only where it was told to" 1 "$(cat "$work/err.$profile")"
		return 1
	fi
	[ $status -ne 0 ] || grep -q '^agentrt: warning: delete container .*injected' "$work/err.$profile" || return 1
	echo "$place" >>"$work/reached"
	like "$profile: $1 that fails at $place says one sentence" "$(wc -l <"$work/err.$profile") $(cat "$work/err.$profile")" '^1 agentrt: .+'
}
kill_at() { AGENTRT_KILL=$1 "${@:2}" 2>/dev/null; } # where it gets there
gone() { # NAME
	ok "$1: delete --force" delete --force
	is_clean "$1: nothing is left"
}

try_create() { # PLACE
	at "$1" create || { delete --force; return 1; }
	is_clean "$profile: create that failed at $1 leaves nothing"
	not_ok_cmd "$profile: and no container" rt state "$id"
	ok "$profile: the id can be used after a failure at $1" create
	ok "$profile: and deleted" delete
	ok "$profile: and deleted again, with --force" delete --force
	not_ok_cmd "$profile: not without" delete
	kill_at "$1" create
	gone "$profile: create was killed at $1"
}
try_start() { # PLACE
	create
	at "$1" start || { delete --force; return 1; }
	gone "$profile: start failed at $1"
	create
	kill_at "$1" start
	gone "$profile: start was killed at $1"
}
try_delete() { # PLACE
	create && start
	at "$1" delete --force || { delete --force; return 1; }
	gone "$profile: delete failed at $1"
	create && start
	kill_at "$1" delete --force
	gone "$profile: delete was killed at $1"
}
runs() { rt ps --format json "$id" | jq length; }
try_exec() { # PLACE
	at "$1" execute || return 1
	is "$profile: of an exec that failed at $1 nothing runs" "$(runs)" 1
	kill_at "$1" execute
	is "$profile: exec was killed at $1: the container runs" "$(rt exec "$id" echo on 2>&1)" on
}

mapfile -t places < <(mutants_named fault "$top")
every_place() {
	local place id=f-$profile-$$ kind
	for place in "${places[@]}"; do
		kind=plain
		[[ $place = *console* ]] && kind=tty
		try_create "$place" || try_start "$place" || try_delete "$place"
	done
	id=x-$profile-$$
	for kind in plain tty; do
		is "$profile: a container runs" "$(create && start && runs)" 1
		for place in "${places[@]}"; do
			[ $kind = tty ] && [[ $place != *console* ]] && continue
			try_exec "$place" || [ "$(runs)" = 1 ] || { delete --force && create && start; }
		done
		gone "$profile: after every failed exec"
	done
}
workers=()
for profile in agent oci; do
	every_place >"$work/$profile.tap" &
	workers+=($!)
done
wait "${workers[@]}"
tap_merge "$work/agent.tap" "$work/oci.tap"
for place in "${places[@]}"; do
	case $place in
	op.lsm) [ -d /sys/kernel/security/apparmor ] || { skip "$place is reached" "no security module here"; continue; } ;;
	esac
	ok "$place is reached by some command" grep -qxF "$place" "$work/reached"
done
tap_done
