#!/usr/bin/env bash
# rootless.sh - the runtime in the hands of an ordinary user: without and with subordinate ids, without
# and with a delegated cgroup. Needs root, to make that user; he is gone at the end.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
built=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$built" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-rootless.XXXXXX)
user=art$$
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
cleanup() {
	local d
	for d in $(find /sys/fs/cgroup -depth -type d -path "*$user*" 2>/dev/null); do
		xargs -r kill -9 <"$d/cgroup.procs" 2>/dev/null; rmdir "$d" 2>/dev/null
	done
	pgrep -u "$user" | xargs -r kill -9
	for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done
	userdel -r "$user" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
agentrt=$work/bin/agentrt
useradd -m -s /bin/sh "$user" || { echo "1..0 # no user can be made"; exit 1; }
uid=$(id -u "$user") gid=$(id -g "$user")
sed -i "/^$user:/d" /etc/subuid /etc/subgid
bundle_setup
mkdir -p "$work/bin" "$work/run"
install -m 755 "$built" "$(dirname "$built")/agentrt-egress" "$work/bin/"
chmod 755 "$work"
chown -R "$user:$gid" "$work/rootfs" "$work/run" && chmod 700 "$work/run"
cgdir= # the user's own cgroup, if he has one
as_user() {
	setpriv --reuid "$user" --regid "$gid" --clear-groups env -i HOME="/home/$user" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		XDG_RUNTIME_DIR="$work/run" "$@"
}
rt() { as_user timeout 30 "$agentrt" "$@"; }
oci() { rt --profile oci "$@"; }
said() { "$@" 2>&1 >/dev/null </dev/null; }
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
value() { sed -n "s|^$1=||p" <<<"$out"; }
# box NAME [JQ-FILTER] SCRIPT: `spec --rootless`, changed, with that script; the bundle is the user's
make() {
	mkdir -p "$work/$1" && chown "$user:$gid" "$work/$1" && rm -f "$work/$1/config.json"
	as_user "$agentrt" spec --rootless --bundle "$work/$1" || return 1
	jq --arg r "$work/rootfs" --arg s "$3" ".root.path = \$r | .root.readonly = false | .process.terminal = false | .process.args = [\"sh\", \"-c\", \$s] | ${2:-.}" \
		"$work/$1/config.json" >"$work/c" && cat "$work/c" >"$work/$1/config.json"
}
box() {
	local filter=.
	[ $# -gt 1 ] && filter=$1 && shift
	make box "$filter" "$1" && oci run --bundle "$work/box" "box$$" 2>&1 </dev/null
}

# --- one id: what `spec --rootless` writes runs as it is
out=$(box 'echo ids=$(id -u):$(id -g); echo map=$(echo $(cat /proc/self/uid_map)); echo groups=$(cat /proc/self/setgroups)
echo host=$(hostname); echo pid=$$; echo null=$(echo x >/dev/null && echo works); echo zero=$(head -c 3 /dev/zero | wc -c)
echo keys=$(wc -c </proc/keys); echo sys=$(echo 1 2>&1 >/proc/sys/kernel/hostname || echo refused); echo sysfs=$(ls /sys/class | grep -c net)
echo sysro=$(touch /sys/x 2>&1 || echo refused); echo shm=$(echo a >/dev/shm/a && cat /dev/shm/a); echo root=$(echo r >/made && cat /made)
echo nodev=$(awk "\$5 == \"/\" {print \$6}" /proc/self/mountinfo); echo up=$(ls / | grep -c home); echo caps=$(grep CapEff /proc/self/status | tr -d "\t")
for n in user mnt pid ipc uts net cgroup; do echo ns-$n=$(readlink /proc/self/ns/$n); done')
is "root inside" "$(value ids)" 0:0
is "is the user outside, and nobody else is there" "$(value map)" "0 $uid 1"
is "setgroups is denied" "$(value groups)" deny
is "host name" "$(value host)" agentrt
is "a pid namespace" "$(value pid)" 1
is "devices are the host's" "$(value null) $(value zero)" "works 3"
is "paths are masked" "$(value keys)" 0
like "/proc/sys is read-only" "$(value sys)" 'Read-only file system'
is "/sys is there" "$(value sysfs)" 1
like "and read-only" "$(value sysro)" 'Read-only file system'
is "tmpfs" "$(value shm)" a
is "what is written to the root is the user's" "$(value root) $(stat -c %u "$work/rootfs/made")" "r $uid"
like "the root has no devices" "$(value nodev)" nodev
is "capabilities are the config's" "$(value caps)" CapEff:0000000020000420
for n in user mnt pid ipc uts cgroup; do unlike "its own $n namespace" "$(value ns-$n)" "^$(readlink /proc/self/ns/$n | sed 's/[][]/\\&/g')\$"; done
is "the host's network, as the config says" "$(value ns-net)" "$(readlink /proc/self/ns/net)"
rm -f "$work/rootfs/made"
out=$(box '.linux.namespaces += [{"type": "network"}] | (.mounts[] | select(.destination == "/sys")) |= {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}' \
	'echo net=$(cd /sys/class/net; echo *); echo lo=$(cat /sys/class/net/lo/operstate)')
is "a network namespace, and a sysfs of it" "$(value net) $(value lo)" "lo unknown"
echo secret >"$work/roots" && chmod 600 "$work/roots"
mkdir "$work/his" && echo mine >"$work/his/file" && chown -R "$user:$gid" "$work/his" && chmod 700 "$work/his"
bind() { printf '{"destination": "/mnt", "type": "bind", "source": "%s", "options": ["rbind"%s]}' "$1" "${2:-}"; }
out=$(box ".mounts += [$(bind "$work/his")]" 'cat /mnt/file; echo w >/mnt/new; stat -c %u /mnt/file')
is "his directory is bound, and his own inside" "$(tr '\n' ' ' <<<"$out")" "mine 0 "
is "what is written to it is his" "$(stat -c %u "$work/his/new")" "$uid"
like "read-only is" "$(box ".mounts += [$(bind "$work/his" ', "ro"')]" 'touch /mnt/x')" 'Read-only file system'
touch "$work/rootfs/mnt.file"
like "a file of root's stays closed" "$(box ".mounts += [$(bind "$work/roots")] | .mounts[-1].destination = \"/mnt.file\"" 'cat /mnt.file')" 'Permission denied'
like "a bind of what he may not even reach is an error" "$(box ".mounts += [$(bind /root/.ssh)]" true)" '^agentrt: mounts\[[0-9]+\]'

# --- what takes root is refused by name, and nothing stays
like "without a user namespace" "$(box 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' true)" \
	"^agentrt: linux\.namespaces: without root \(this is uid $uid\) a user namespace is needed"
like "ids that are not his, without subordinate ids" "$(box '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]' true)" '^agentrt: linux\.namespaces: id maps of the user namespace: .*not permitted'
like "further groups" "$(box '.process.user.additionalGids = [5]' true)" 'process\.user\.additionalGids: cannot be set by a rootless'
like "a limit without a cgroup" "$(box '.linux.resources = {"pids": {"limit": 10}}' true)" '^agentrt: linux\.resources\.pids\.limit: it cannot be held without a cgroup, and none is delegated to this user$'
like "a time namespace" "$(box '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 5}}' true)" 'a new time namespace is not possible without root'
like "an id-mapped mount" "$(box ".mounts += [$(bind "$work/his" ', "idmap"')]" true)" '^agentrt: mounts\[[0-9]+\].*id'
is "nothing is left of them" "$(find "$work/run/agentrt" -mindepth 1 | wc -l)" 0

# --- commands
make life '.linux.rootfsPropagation = "slave"' 'trap "exit 7" TERM; while :; do sleep 0.2; done'
ok "create" sh -c "$(declare -f as_user rt oci); user=$user gid=$gid work=$work agentrt=$agentrt; oci create --bundle $work/life --pid-file $work/run/pid life </dev/null >$work/out 2>&1"
is "the state root is the user's runtime directory" "$(stat -c '%a %u' "$work/run/agentrt")" "1700 $uid"
is "created" "$(oci state life | jq -r '.status + " " + .owner')" "created $user"
like "exec waits for start" "$(said oci exec life true)" 'cannot exec in a container that was not started'
ok "start" oci start life
is "running" "$(oci state life | jq -r .status)" running
is "exec is in its namespaces" "$(oci exec life sh -c 'for n in user mnt pid net; do readlink /proc/self/ns/$n; done')" "$(for n in user mnt pid net; do readlink "/proc/$(cat "$work/run/pid")/ns/$n"; done)"
is "exec as nobody that is mapped is an error" "$(status_of oci exec -u 5 life true)" 255
is "list" "$(oci list --format json | jq -r '.[].id')" life
is "another user sees nothing of it" "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$agentrt" --root "$work/run/agentrt" list 2>&1 | grep -c 'ermission denied')" 1
for c in pause resume ps events; do like "$c without a cgroup says so" "$(said oci $c life)" 'has no cgroup'; done
like "update, too" "$(said oci update --pids-limit 5 life)" 'has no cgroup'
ok "kill" oci kill life TERM
for ((i = 0; i < 50; i++)); do [ "$(oci state life | jq -r .status)" = stopped ] && break; sleep 0.1; done
is "stopped" "$(oci state life | jq -r .status)" stopped
ok "delete" oci delete life
# --- no cgroup in which anything could be found: what a runtime that was killed leaves is found nevertheless
oci run -d --bundle "$work/life" newer </dev/null >/dev/null 2>&1
pid=$(oci state newer | jq .pid)
as_user sh -c 'jq -c ".version = 2 | .more = {}" "$1" >"$1.x" && mv "$1.x" "$1"' sh "$work/run/agentrt/newer/state.json"
ok "a state of another version: delete --force removes the container" oci delete --force newer
unlike "with its process" "$(cat "/proc/$pid/status" 2>/dev/null)" '^State:.[^ZX]'
if inject=$(dirname "$built")/tests/live/inject; [ -x "$inject" ] && [ "$("$inject" 2>&1)" != "inject: not written for this processor" ]; then
	install -m 755 "$inject" "$work/bin/"
	left() { pgrep -u "$user" -a; find "$work/run/agentrt" -mindepth 1; }
	oci_under() { as_user timeout 30 "$work/bin/inject" "$@" "$agentrt" --profile oci create --bundle "$work/life" killed </dev/null >/dev/null 2>&1; }
	oci_under --list "$work/run/calls"
	oci delete --force killed
	bad= n=0
	# dying after one of the others is dying after the call before it
	for c in $(grep -vE ' (mmap|munmap|mprotect|brk|read|close|fstat|newfstatat|openat|fcntl|lseek|pread64|access|statx|readlink|readlinkat|getdents64|prlimit64|rt_sig.*)$' \
		"$work/run/calls" | awk -v every="${SYSCALLS_EVERY:-9}" '$1 == "0" && ++n % every == 0 {print $2}'); do
		n=$((n + 1))
		oci_under --kill 0 "$c"
		oci delete --force killed >/dev/null 2>&1 || bad+="call $c: delete; "
		for ((i = 0; i < 40; i++)); do [ -n "$(left)" ] || break; sleep 0.05; done
		[ -z "$(left)" ] || { bad+="call $c: $(left | head -n 2 | tr '\n' ' ')"; pgrep -u "$user" | xargs -r kill -9; }
	done
	ok "calls of create were listed" test "$n" -gt 10
	is "create is killed after each of $n calls: delete --force leaves nothing" "$bad" ""
else
	skip "create is killed at its calls" "tests/live/inject is not there, or not for this processor"
fi
oci run -d --bundle "$work/life" life2 </dev/null >/dev/null 2>&1
ok "kill --all" oci kill --all life2 KILL
ok "delete --force" oci delete --force life2
make fails '.process.args = ["nope"]' true
like "a program that is not there" "$(said oci create --bundle "$work/fails" life3)" 'exec: "nope": executable file not found in \$PATH'
make hooks ".hooks = {\"createRuntime\": [{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \"id -u >$work/run/hook\"]}], \"poststop\": [{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \"id -u >>$work/run/hook\"]}]}" true
oci run --bundle "$work/hooks" hooks </dev/null >/dev/null 2>&1
is "hooks run as the user" "$(tr '\n' ' ' <"$work/run/hook")" "$uid $uid "
make oom '.process.oomScoreAdj = -500' 'cat /proc/self/oom_score_adj'
is "a score that he may not lower stays" "$(oci run --bundle "$work/oom" oom 2>&1 </dev/null)" "$(cat /proc/self/oom_score_adj)"
make term '.process.terminal = true' 'tty; id -u'
like "a terminal" "$(as_user script -qec "timeout 20 '$agentrt' --profile oci run --bundle '$work/term' term" /dev/null </dev/null 2>&1 | tr -d '\r\000')" '/dev/(pts/0|console)'
cp "$agentrt" "$work/run/own" && chown "$user" "$work/run/own"
make self . 'sleep 5'
as_user "$work/run/own" --profile oci run -d --bundle "$work/self" self </dev/null >/dev/null 2>&1
like "his own program runs from a sealed copy, for it could be overwritten" "$(as_user "$work/run/own" --profile oci create --bundle "$work/self" self2 </dev/null >/dev/null 2>&1; readlink "/proc/$(oci state self2 | jq .pid)/exe")" 'memfd:agentrt'
oci delete --force self; oci delete --force self2

# --- what is different is said
plan=$(oci explain --bundle "$work/life")
like "explain: whose mounts" "$plan" 'rootless: mounts of the host are cloned inside it'
like "explain: groups" "$plan" 'no supplementary groups'
like "explain: the cgroup" "$plan" 'none is delegated to this user'
like "explain: devices" "$plan" '/dev/null.*host'

# --- subordinate ids
if command -v newuidmap >/dev/null; then
	base=$((1 << 30))
	echo "$user:$base:65536" | tee -a /etc/subuid >>/etc/subgid
	many=".linux.uidMappings = [{\"containerID\": 0, \"hostID\": $uid, \"size\": 1}, {\"containerID\": 1, \"hostID\": $base, \"size\": 65536}]
		| .linux.gidMappings = [{\"containerID\": 0, \"hostID\": $gid, \"size\": 1}, {\"containerID\": 1, \"hostID\": $base, \"size\": 65536}]"
	out=$(box "$many | .process.capabilities.bounding += [\"CAP_CHOWN\"] | .process.capabilities.effective += [\"CAP_CHOWN\"] | .process.capabilities.permitted += [\"CAP_CHOWN\"]" 'echo map=$(echo $(sed -n 2p /proc/self/uid_map)); touch /owned && chown 5:6 /owned && echo owner=$(stat -c %u:%g /owned); echo groups=$(cat /proc/self/setgroups)')
	is "subordinate ids are mapped" "$(value map)" "1 $base 65536"
	is "and can own files" "$(value owner) $(stat -c %u:%g "$work/rootfs/owned")" "5:6 $((base + 4)):$((base + 5))"
	is "groups can be set" "$(value groups)" allow
	out=$(box "$many | .process.user = {\"uid\": 7, \"gid\": 8, \"additionalGids\": [9]}" 'id -u; id -g; id -G')
	is "another user inside" "$(tr '\n' ' ' <<<"$out")" "7 8 8 9 "
	make sub "$many | .process.user = {\"uid\": 7, \"gid\": 8}" 'while :; do sleep 0.2; done'
	oci run -d --bundle "$work/sub" sub </dev/null >/dev/null 2>&1
	is "exec into it" "$(oci exec -u 3:4 -g 5 sub id -G)" "4 5"
	ok "he may signal what runs with other ids than his" oci kill sub KILL
	ok "and delete it" oci delete --force sub
	like "explain: by which programs" "$(make sub "$many" true; oci explain --bundle "$work/sub")" 'by newuidmap and newgidmap'
	like "ids beyond his are refused with newuidmap's words" "$(box "$many | .linux.uidMappings[1].size = 65537" true)" '^agentrt: linux\.namespaces: id maps of the user namespace: .*newuidmap refused the id map: .*not allowed'
	# --- rootless Podman, which runs the runtime as root of a user namespace of its own
	if command -v podman >/dev/null; then
		mkdir -p "$work/podman" && chown "$user:$gid" "$work/podman"
		ln -s agentrt "$work/bin/agentrt-oci"
		printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/podman/store" "$work/run/c" >"$work/podman/storage.conf"
		printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n' >"$work/podman/containers.conf"
		pm() { (cd "$work/podman" && as_user CONTAINERS_CONF="$work/podman/containers.conf" CONTAINERS_STORAGE_CONF="$work/podman/storage.conf" timeout 60 podman --runtime "$work/bin/agentrt-oci" "$@"); }
		tar -C "$work/rootfs" -c bin etc tmp | pm import - box >/dev/null 2>&1
		is "podman run" "$(pm run --rm --network none box sh -c 'echo $(id -u) $(head -n 1 /proc/self/uid_map)' 2>&1)" "0 0 $uid 1"
		is "podman run, its status" "$(status_of pm run --rm --network none box sh -c 'exit 9')" 9
		pm run -d --network none --name stay box sleep 100 >/dev/null 2>&1
		is "podman exec" "$(pm exec stay echo in)" in
		is "podman rm -f" "$(pm rm -f -t 0 stay)" stay
		is "podman run --userns keep-id" "$(pm run --rm --network none --userns keep-id box id -u)" "$uid"
		is "podman run --userns auto: ids of its own" "$(pm run --rm --network none --userns auto box id -u)" 0
		pm system migrate >/dev/null 2>&1
	else
		skip "rootless podman" "no podman here"
	fi
	sed -i "/^$user:/d" /etc/subuid /etc/subgid
	like "and any, when they are no longer his" "$(box "$many" true)" 'newuidmap refused the id map'
	rm -f "$work/rootfs/owned"
	like "without newuidmap" "$(mkdir "$work/empty"; unshare -m sh -c "for f in /usr/bin/newuidmap /bin/newuidmap; do mount --bind '$work/empty' \$f 2>/dev/null || mount --bind /dev/null \$f; done; $(declare -f as_user); user=$user gid=$gid work=$work; as_user '$agentrt' --profile oci run --bundle '$work/sub' sub2" 2>&1 </dev/null)" 'newuidmap'
else
	skip "subordinate ids" "no newuidmap(1)"
fi

# --- a delegated cgroup: v2 alone in a mount namespace of its own, as a systemd user session has it
cat >"$work/delegated" <<-'SH'
	set -u
	umount -R /sys/fs/cgroup 2>/dev/null
	mount -t cgroup2 none /sys/fs/cgroup || exit 9
	cd "/sys/fs/cgroup" && mkdir -p "$user" && cd "$user" && mkdir -p shell || exit 9
	chown "$user" . cgroup.procs cgroup.subtree_control cgroup.threads shell shell/cgroup.procs
	echo $$ >shell/cgroup.procs
	as_user "$@"
	status=$?
	echo $$ >/sys/fs/cgroup/cgroup.procs
	exit $status
SH
delegated() { user=$user gid=$gid work=$work unshare -m --propagation private bash -c "$(declare -f as_user); . '$work/delegated'" sh "$@"; }
make cg . 'cat /proc/1/cgroup | grep ^0; sleep 1000'
delegated "$agentrt" --profile oci run -d --bundle "$work/cg" "cg$$" </dev/null >"$work/cg.out" 2>&1
is "with a delegated cgroup it runs" "$(oci state "cg$$" | jq -r .status) $(grep -v ^0 "$work/cg.out")" "running "
pid=$(oci state "cg$$" | jq .pid)
like "in a cgroup below what is delegated" "$(cat "/proc/$pid/cgroup")" "^0::/$user/agentrt-cg$$\$"
is "ps knows its processes" "$(delegated "$agentrt" ps --format json "cg$$" | jq "index($pid) != null")" true
ok "pause" delegated "$agentrt" pause "cg$$"
is "paused" "$(delegated "$agentrt" state "cg$$" | jq -r .status)" paused
ok "resume" delegated "$agentrt" resume "cg$$"
is "exec goes there, too" "$(delegated "$agentrt" exec "cg$$" cat /proc/self/cgroup | grep ^0:)" "0::/"
like "explain names it" "$(delegated "$agentrt" --profile oci explain --bundle "$work/cg" x)" "/$user/agentrt-x in v2"
like "a cgroup elsewhere is refused" "$(make cg2 '.linux.cgroupsPath = "/elsewhere"' true; delegated "$agentrt" --profile oci run --bundle "$work/cg2" "cg2$$" 2>&1 </dev/null)" "linux\.cgroupsPath: \"/elsewhere\" is not below /$user, the cgroup that is delegated to this user"
like "a controller that was not delegated is named" "$(make cg3 '.linux.resources.pids.limit = 5' true; delegated "$agentrt" --profile oci run --bundle "$work/cg3" "cg3$$" 2>&1 </dev/null)" '^agentrt: linux\.resources\.pids'
ok "delete --force" delegated "$agentrt" delete --force "cg$$"
is "no cgroup is left" "$(find /sys/fs/cgroup -name "*agentrt-cg*$$" | wc -l)" 0
is "nothing is left" "$(find "$work/run/agentrt" -mindepth 1 | wc -l)" 0
tap_done
