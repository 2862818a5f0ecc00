#!/usr/bin/env bash
# faults.sh - every command fails, or is killed, at every place that can: one clear error, nothing left.
#
# Every name in fault("...") is tried with create, start, exec and delete under two profiles, which run
# beside each other. A place counts only where it was really reached: one that no command reaches is a
# failure of this test.
set -u
[ "${1:-}" = inside ] || exec unshare -n "$0" inside # the interface that a container gets is not the machine's
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
	| .annotations += {\"io.agentrt.landlock.files\": \"true\"}
	| .root.readonly = true | .hooks = {\"createRuntime\": [$hook], \"poststop\": [$hook]}"
bundle plain "$most"
bundle tty "$most | .process.terminal = true"
bundle netdev "$most | .linux.netDevices = {\"fd0\": {}}"
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
	local opts=(--bundle "$work/$kind" --pid-file "$work/pid.$profile") i
	[ "$kind" = tty ] && opts+=(--console-socket "$work/console")
	if [ "$kind" = netdev ]; then # it went with the last container
		for ((i = 0; i < 40; i++)); do ip link show fd0 2>/dev/null || ip link add fd0 type veth peer name fd1 2>/dev/null && break; sleep 0.05; done >/dev/null
	fi
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
		[ "$place/$profile" = op.netdev/oci ] && kind=netdev
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

# An ordinary user has no cgroup that holds the processes together: a delete must know the pid.
user() { # [PLACE-TO-KILL-AT] ARGUMENT...
	local kill=
	[[ $1 = -* ]] || { kill=$1 && shift; }
	TEST_MARK=-user-$$ timeout 30 setpriv --reuid 65534 --regid 65534 --clear-groups env AGENTRT_KILL="$kill" \
		XDG_RUNTIME_DIR="$work/user" "$work/user/agentrt" --root "$work/user/state" "$@" </dev/null >/dev/null 2>&1
}
without_cgroup() {
	local place id=u-user-$$ b=$work/user/bundle
	chmod 755 "$work" && mkdir -p "$b" && cp "$agentrt" "$work/user/" && chown -R 65534:65534 "$work/user"
	user --profile oci spec --rootless --bundle "$b"
	jq --arg r "$work/rootfs" '.root.path = $r | .process.terminal = false | .process.args = ["sleep", "60"]' \
		"$b/config.json" >"$work/config.json" && cp "$work/config.json" "$b/config.json"
	ok "user: create" user --profile oci create --bundle "$b" "$id"
	ok "user: start" user --profile oci start "$id"
	ok "user: delete" user --profile oci delete --force "$id"
	for place in p_map p_net p_post create.state p_post.pid_file; do
		not_ok_cmd "user: create is killed at $place" user $place --profile oci create --pid-file "$work/user/pid" --bundle "$b" "$id"
		ok "user: delete --force" user --profile oci delete --force "$id"
		profile=user is_clean "user: nothing is left after a create that was killed at $place"
	done
}
workers=()
for profile in agent oci; do
	every_place >"$work/$profile.tap" &
	workers+=($!)
done
without_cgroup >"$work/user.tap" &
workers+=($!)
wait "${workers[@]}"
tap_merge "$work/agent.tap" "$work/oci.tap" "$work/user.tap"
for place in "${places[@]}"; do
	case $place in
	op.lsm) [ -d /sys/kernel/security/apparmor ] || { skip "$place is reached" "no security module here"; continue; } ;;
	op.rdt) grep -q ' resctrl ' /proc/mounts || { skip "$place is reached" "no resctrl here"; continue; } ;;
	esac
	ok "$place is reached by some command" grep -qxF "$place" "$work/reached"
done
tap_done
