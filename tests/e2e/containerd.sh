#!/usr/bin/env bash
# containerd.sh - Debian's containerd with agentrt under its shim, driven by ctr: the calls that a kubelet's
# containers cause, with the profiles oci and agent. Needs root, containerd, busybox-static, python3.
# AGENTRT: the program (default: installed).
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
. "$here/lib/tap.sh"
. "$here/lib/image.sh"
work=$(mktemp -d /tmp/agentrt-containerd.XXXXXX)
n=${work##*.}
cleanup() {
	local m
	[ -z "${daemon:-}" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	find /sys/fs/cgroup -depth -type d -path "*$n*" -exec rmdir {} + 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
mkdir -p "$work"/{root,state,img,bin}
ln -s "$agentrt" "$work/bin/agentrt-oci"
ln -s "$agentrt" "$work/bin/agentrt"
printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >"$work/config.toml"
containerd --config "$work/config.toml" --root "$work/root" --state "$work/state" --address "$work/sock" >"$work/log" 2>&1 </dev/null &
daemon=$!
c() { timeout -k 5 60 ctr --address "$work/sock" --namespace "$n" "$@"; }
for ((i = 0; i < 100; i++)); do c version >/dev/null 2>&1 && break; sleep 0.1; done
c version >/dev/null 2>&1 || { tail -n 20 "$work/log"; echo "Bail out! no containerd"; exit 1; }
echo "# $(containerd --version | cut -d' ' -f1-3)"

# An OCI archive of one busybox layer.
busybox_root "$work/img"
mkdir -p "$work/img/srv" && echo image >"$work/img/srv/file"
tar -C "$work/img" -cf "$work/layer.tar" .
"$here/lib/oci-archive" "$work/layer.tar" "$work/box.tar" local/box:1 sh
c images import "$work/box.tar" >"$work/import" 2>&1 || { cat "$work/import"; echo "Bail out! no image"; exit 1; }
img=local/box:1
k=0
# run PROFILE [FLAG...] -- COMMAND...: a container of its own that is removed
run() {
	local p=$1 flags=()
	shift
	while [ "$1" != -- ]; do flags+=("$1"); shift; done
	shift
	k=$((k + 1))
	c run --rm --runc-binary "$work/bin/$([ "$p" = oci ] && echo agentrt-oci || echo agentrt)" "${flags[@]}" $img "r$k-$BASHPID" "$@"
}
up() { # PROFILE ID FLAG...: a detached one
	local p=$1 id=$2
	shift 2
	c run -d --runc-binary "$work/bin/$([ "$p" = oci ] && echo agentrt-oci || echo agentrt)" "$@" $img "$id" sh -c 'echo up; trap "exit 7" TERM; while :; do sleep 0.1; done' >"$work/$id.out" 2>&1 </dev/null
}
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
status_in() { c tasks ls | awk -v id="$1" '$1 == id {print $3}'; }
left() {
	find /sys/fs/cgroup -type d -path "*/$n/*" -printf 'cgroup %p\n' 2>/dev/null
	find "$work/state/io.containerd.runtime.v2.task" -mindepth 2 -maxdepth 2 2>/dev/null
	find "/run/containerd/runc/$n" -mindepth 1 -maxdepth 1 -not -name '.*' -printf 'state %p\n' 2>/dev/null
	awk -v d="$work/state/" 'index($5, d) == 1 {print "mount " $5}' /proc/self/mountinfo
}
mkdir "$work/project" && echo mine >"$work/project/file" && chown -R 1234:1234 "$work/project"

for p in oci agent; do
	is "$p: run prints what the program prints" "$(run $p -- echo hello 2>&1)" hello
	is "$p: exit 42" "$(status_of run $p -- sh -c 'exit 42')" 42
	is "$p: a signal is 128 and its number" "$(status_of run $p -- sh -c 'sh -c "kill -KILL \$\$"; exit $?')" 137
	like "$p: a command that is not there: the runtime's words" "$(run $p -- no-such-command 2>&1)" 'exec: "no-such-command": executable file not found in \$PATH'
	like "$p: a directory" "$(run $p -- /etc 2>&1)" 'permission denied'
	is "$p: standard input" "$(echo in | run $p -- head -n 1)" in
	is "$p: --cwd, --env" "$(run $p --cwd /srv --env A=b -- sh -c 'echo $(pwd) $A' 2>&1)" "/srv b"
	not_ok_cmd "$p: --read-only" run $p --read-only -- touch /x
	like "$p: --tty" "$("$here/lib/pty" "timeout --foreground 30 ctr --address $work/sock -n $n run --rm -t --runc-binary $work/bin/$([ $p = oci ] && echo agentrt-oci || echo agentrt) $img tty-$p tty" 2>&1)" '/dev/(pts/|console)'
	is "$p: --memory-limit: what takes more is killed" "$(status_of run $p --memory-limit 33554432 -- sh -c 'dd if=/dev/zero of=/dev/null bs=100M count=1')" 137
	is "$p: a bind mount" "$(run $p --mount "type=bind,src=$work/project,dst=/p,options=rbind:ro" -- cat /p/file 2>&1)" mine
	is "$p: the image's files" "$(run $p -- cat /srv/file)" image

	id=stay-$p
	ok "$p: a container that stays" up $p $id
	is "$p: runs" "$(status_in $id)" RUNNING
	pid=$(c tasks ls | awk -v id=$id '$1 == id {print $2}')
	is "$p: its pid is in its cgroup" "$(grep -c "/$n/$id" "/proc/$pid/cgroup" | sed 's/^[1-9].*/yes/')" yes
	is "$p: exec" "$(c tasks exec --exec-id e1 $id echo in)" in
	is "$p: exec's status" "$(status_of c tasks exec --exec-id e2 $id sh -c 'exit 5')" 5
	is "$p: exec --user, --cwd" "$(c tasks exec --exec-id e3 --user 1000 --cwd /srv $id sh -c 'echo $(id -u) $(pwd)')" "1000 /srv"
	like "$p: exec of what is not there" "$(c tasks exec --exec-id e4 $id nope 2>&1)" 'exec: "nope": executable file not found in \$PATH'
	like "$p: exec --tty" "$("$here/lib/pty" "timeout --foreground 30 ctr --address $work/sock -n $n tasks exec -t --exec-id e5 $id tty" 2>&1)" '/dev/pts/'
	like "$p: ps" "$(c tasks ps $id)" "^$pid "
	like "$p: metrics" "$(c tasks metrics --format json $id 2>&1)" '"(pids|Pids)"|usage'
	[ $p = agent ] && is "agentrt export finds it by its id" "$(c tasks exec --exec-id e6 $id sh -c 'echo x >/made'; "$agentrt" export $id | tar -t | grep -cx made)" 1
	is "$p: pause" "$(c tasks pause $id; status_in $id)" PAUSED
	is "$p: resume" "$(c tasks resume $id; status_in $id)" RUNNING
	like "$p: checkpoint is refused" "$(c tasks checkpoint $id 2>&1)" 'checkpoint and restore are not supported'
	is "$p: and the container goes on" "$(status_in $id)" RUNNING
	ok "$p: kill" c tasks kill -s TERM $id
	for ((i = 0; i < 50; i++)); do [ "$(status_in $id)" = STOPPED ] && break; sleep 0.1; done
	is "$p: stopped" "$(status_in $id)" STOPPED
	ok "$p: the task is deleted" c tasks delete $id
	ok "$p: the container is deleted" c containers delete $id

	up $p all-$p
	c tasks exec -d --exec-id e6 all-$p sleep 1000 >/dev/null 2>&1 </dev/null
	ok "$p: kill --all" c tasks kill -a -s KILL all-$p
	for ((i = 0; i < 50; i++)); do [ "$(status_in all-$p)" = STOPPED ] && break; sleep 0.1; done
	is "$p: everything has stopped" "$(status_in all-$p)" STOPPED
	ok "$p: tasks delete --force" c tasks delete --force all-$p
	c containers delete all-$p

	# The shim is killed: containerd cleans up by `delete --force` alone, without any other option.
	up $p shim-$p
	pid=$(c tasks ls | awk -v id=shim-$p '$1 == id {print $2}')
	kill -9 "$(awk '/^PPid/ {print $2}' "/proc/$pid/status")"
	for ((i = 0; i < 100; i++)); do [ -d "/proc/$pid" ] && grep -q '^State:.[^ZX]' "/proc/$pid/status" || break; sleep 0.1; done
	unlike "$p: a container whose shim dies is removed" "$(cat "/proc/$pid/status" 2>/dev/null)" '^State:.[^ZX]'
	for ((i = 0; i < 50; i++)); do c containers delete shim-$p >/dev/null 2>&1 && break; sleep 0.1; done
	is "$p: nothing is left" "$(left)" ""
done
is "oci: --net-host" "$(run oci --net-host -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
unlike "agent: --net-host is not the host's" "$(run agent --net-host -- readlink /proc/self/ns/net 2>/dev/null)" "^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')\$"
is "agent: --privileged is accepted, without effect" "$(run agent --privileged -- grep CapEff /proc/self/status)" "$(run agent -- grep CapEff /proc/self/status)"
like "agent: a bind of credentials is refused" "$(run agent --mount type=bind,src=/etc/shadow,dst=/s,options=bind -- true 2>&1)" 'refused by rule mount\.'
tap_done
