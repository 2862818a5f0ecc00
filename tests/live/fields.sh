#!/usr/bin/env bash
# fields.sh - what few configs hold and every config may: each field of the runtime specification
# that oci.sh has not seen at work, with its error cases, under the plain profile.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-fields.XXXXXX)
own_pids=()
cleanup() {
	[ ${#own_pids[@]} -eq 0 ] || kill "${own_pids[@]}" 2>/dev/null
	grep -F " $work/" /proc/self/mountinfo | awk '{print $5}' | sort -r | xargs -r umount -l
	bundle_cleanup
}
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap cleanup EXIT
bundle_setup
chmod 755 "$work"
box() { in_box -p oci "$@" 2>&1; }
value() { sed -n "s|^$1=||p" <<<"$out"; } # of the last box's "name=value" lines
refused() { # NAME JQ-FILTER REGEX: the config is refused, in one sentence, and nothing is left
	local out
	out=$(box "$2" 'echo RAN')
	like "$1" "$out" "^agentrt: .*$3"
	unlike "$1: nothing ran" "$out" RAN
	is "$1: nothing is left" "$(rt list -q)" ""
}
no_userns='del(.hostname, .linux.sysctl) | .mounts |= map(select(.type | IN("mqueue", "sysfs", "cgroup") | not))'
in_userns() { # HOST-ID: a filter
	echo '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": '"$1"', "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'
}
mkdir -p "$work/bind/sub" "$work/logs"
echo here >"$work/bind/file"
chmod 777 "$work/logs"

# --- mounts: options of the file system, of the mount, of all mounts below it
mount -t tmpfs -o nosuid,nodev,noexec,ro locked "$work/bind/sub"
out=$(box '.mounts += [
	{"destination": "/home", "type": "tmpfs", "source": "x"},
	{"destination": "/fresh", "type": "tmpfs", "source": "x"},
	{"destination": "/given", "type": "tmpfs", "source": "x", "options": ["mode=700"]},
	{"destination": "/flags", "type": "tmpfs", "source": "x", "options": ["sync", "dirsync", "lazytime", "nosymfollow", "noatime", "nodiratime"]},
	{"destination": "/iv", "type": "tmpfs", "source": "x", "options": ["iversion", "silent", "nosymfollow", "ro"]},
	{"destination": "/re", "type": "tmpfs", "source": "x", "options": ["sync", "lazytime", "size=64k"]},
	{"destination": "/re", "type": "tmpfs", "source": "x", "options": ["remount", "async", "nolazytime", "ro", "size=128k"]},
	{"destination": "rel/ative", "type": "tmpfs", "source": "x"},
	{"destination": "/r", "type": "bind", "source": "'"$work"'/bind", "options": ["rbind", "rro", "rnosuid", "rnoexec", "rnodev", "rnoatime", "rnosymfollow", "rnodiratime"]},
	{"destination": "/clear", "type": "bind", "source": "'"$work"'/bind/sub", "options": ["bind", "rw", "suid", "dev", "exec"]},
	{"destination": "/keep", "type": "bind", "source": "'"$work"'/bind/sub", "options": ["bind"]},
	{"destination": "/rclear", "type": "none", "source": "'"$work"'/bind", "options": ["rbind", "rrw", "rsuid", "rdev", "rexec"]}]' '
for d in home fresh given; do echo "mode-$d=$(stat -c %a /$d)"; done
for d in flags iv re rel/ative r r/sub clear keep rclear/sub; do echo "at-$d=$(awk -v m=/$d "\$5 == m {print \$6, \$NF}" /proc/self/mountinfo | tail -n 1)"; done')
is "a tmpfs without a mode has that of the directory it covers" "$(value mode-home)" 755
is "or the usual one where there was none" "$(value mode-fresh)" 1777
is "or the one that is asked for" "$(value mode-given)" 700
is "nosymfollow and access times" "$(value at-flags)" "rw,noatime,nodiratime,nosymfollow rw,sync,dirsync,lazytime"
like "options that mount(2) alone knows come with the others" "$(value at-iv)" '^ro,relatime,nosymfollow'
is "a remount takes flags off and changes data" "$(value at-re)" "ro,relatime rw,size=128k"
like "a relative destination counts from the root" "$(value at-rel/ative)" '^rw'
is "recursive options: the mount" "$(value at-r | cut -d' ' -f1)" "ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow"
is "recursive options: and what is below" "$(value at-r/sub | cut -d' ' -f1)" "ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow"
is "flags of the source can be cleared" "$(value at-clear | cut -d' ' -f1)" "rw,relatime"
is "and stay where nobody clears them" "$(value at-keep | cut -d' ' -f1)" "ro,nosuid,nodev,noexec,relatime"
is "also recursively" "$(value at-rclear/sub | cut -d' ' -f1)" "rw,relatime"
umount "$work/bind/sub"
for kind in tmpfs bind; do
	refused "uidMappings alone, on a $kind" '.mounts += [{"destination": "/r", "type": "'$kind'", "source": "'"$work"'/bind", "options": ["bind"], "uidMappings": [{"containerID": 0, "hostID": 5, "size": 1}]}]' 'uidMappings and gidMappings go together'
done
refused "file-system options on a bind mount" '.mounts += [{"destination": "/r", "type": "bind", "source": "'"$work"'/bind", "options": ["rbind", "size=1m"]}]' 'takes no file-system option'
refused "an unknown option of a file system" '.mounts += [{"destination": "/r", "type": "tmpfs", "source": "x", "options": ["nonsense"]}]' 'mounts\[7\].*nonsense'
refused "idmap without any map" '.mounts += [{"destination": "/r", "type": "bind", "source": "'"$work"'/bind", "options": ["bind", "idmap"]}]' 'idmap needs uidMappings'
refused "an unknown file system" '.mounts += [{"destination": "/r", "type": "nosuchfs", "source": "x"}]' 'mounts\[7\].*nosuchfs'
refused "a bind source that is not there" '.mounts += [{"destination": "/r", "type": "bind", "source": "'"$work"'/none", "options": ["bind"]}]' 'no such file'
maps='"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]'
out=$(box '.mounts += [{"destination": "/m", "type": "bind", "source": "'"$work"'/bind", "options": ["bind", "idmap"], '"$maps"'}, {"destination": "/n", "type": "bind", "source": "'"$work"'/bind", "options": ["rbind"], '"$maps"'}]' 'echo a=$(stat -c %u:%g /m/file) b=$(stat -c %u:%g /n/file)')
is "ids of a mount are mapped, with the option and without" "$out" "a=1000:2000 b=1000:2000"

mkdir -p "$work/rootfs/var/full"
echo image >"$work/rootfs/var/full/file"
out=$(box "$(in_userns 1200000)"' | .mounts += [{"destination": "/m", "type": "bind", "source": "'"$work"'/bind", "options": ["rbind", "ridmap"]}, {"destination": "/var/full", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}]' 'echo a=$(stat -c %u:%g /m/file) b=$(cat /var/full/file)')
is "without maps of its own a mount takes the user namespace's, and tmpcopyup copies" "$out" "a=0:0 b=image"
is "what is written to such a tmpfs is not in the image" "$(box '.mounts += [{"destination": "/var/full", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}]' 'echo more >>/var/full/file; cat /var/full/file' | paste -sd ' ') $(cat "$work/rootfs/var/full/file")" "image more image"
refused "tmpcopyup on anything else" '.mounts += [{"destination": "/r", "type": "proc", "source": "proc", "options": ["tmpcopyup"]}]' 'tmpcopyup is for tmpfs'

# --- propagation between the host and the container
cat >"$work/propagate" <<'EOF'
# in a mount namespace whose mounts are shared: what is mounted on one side comes to the other, or not
b=$work/bind
for kind in rshared rslave rprivate; do
	bundle "$kind" '.mounts += [{"destination": "/p", "type": "bind", "source": "'"$b"'", "options": ["rbind", "'$kind'"]}]
		| .process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective = .process.capabilities.bounding | .process.capabilities.permitted = .process.capabilities.bounding
		| .process.args = ["sh", "-c", "mkdir -p /p/in; mount -t tmpfs fromin /p/in; while ! [ -e /p/go ]; do sleep 0.05; done; grep -c fromout /proc/self/mountinfo >/p/'$kind'"]'
	rm -f "$b/go"
	rt --profile oci run --bundle "$work/$kind" "$kind-$id" &
	for ((i = 0; i < 60; i++)); do [ -e "$b/in" ] && break; sleep 0.05; done
	sleep 0.1
	mount -t tmpfs fromout "$b/sub"
	seen=$(grep -c fromin /proc/self/mountinfo)
	touch "$b/go"
	wait
	echo "$kind out=$seen in=$(cat "$b/$kind")"
	umount "$b/sub"
	while umount "$b/in" 2>/dev/null; do :; done
	rmdir "$b/in"
done
bundle rs '.linux.rootfsPropagation = "rslave" | .process.args = ["sh", "-c", "while ! [ -e /home/go ]; do sleep 0.05; done; grep -c fromout /proc/self/mountinfo"]'
rt --profile oci run --bundle "$work/rs" "rs-$id" >"$work/rs.out" &
sleep 0.3
mount -t tmpfs fromout "$work/rootfs/home" && touch "$work/rootfs/home/go"
wait
umount "$work/rootfs/home"
echo "root in=$(cat "$work/rs.out")"
EOF
out=$(export work agentrt id=$$; export -f rt bundle; unshare -m --propagation shared bash -c ". '$here/lib/bundle.sh'; . '$work/propagate'" 2>&1 </dev/null)
like "rshared: both ways" "$out" '^rshared out=1 in=1$'
like "rslave: from the host only" "$out" '^rslave out=0 in=1$'
like "rprivate: neither" "$out" '^rprivate out=0 in=0$'
like "rootfsPropagation rslave: what the host mounts in the root comes in" "$out" '^root in=1$'
refused "an unknown rootfsPropagation" '.linux.rootfsPropagation = "sideways"' 'rootfsPropagation "sideways"'

# --- namespaces by path
unshare -m -p -u -i -n -C -T --fork sleep 60 &
own_pids+=($!)
for ((i = 0; i < 40; i++)); do there=$(pgrep -P $! sleep) && break; sleep 0.05; done
own_pids+=("$there")
all='[{"type": "mount"}'
for n in pid:pid network:net ipc:ipc uts:uts cgroup:cgroup time:time; do
	all+=', {"type": "'${n%:*}'", "path": "/proc/'$there'/ns/'${n#*:}'"}'
done
names='for n in pid net ipc uts cgroup time; do readlink /proc/self/ns/$n; done'
is "every kind of namespace is joined by its path" \
	"$(box "del(.linux.sysctl) | .linux.namespaces = $all]" "$names" | sort)" \
	"$(for n in pid_for_children net ipc uts cgroup time_for_children; do readlink "/proc/$there/ns/$n"; done | sort)"
refused "a path of another type" 'del(.linux.sysctl) | .linux.namespaces = [{"type": "mount"}, {"type": "uts"}, {"type": "pid", "path": "/proc/'"$there"'/ns/net"}]' 'is not a pid namespace'
refused "a path that is no namespace" 'del(.linux.sysctl) | .linux.namespaces = [{"type": "mount"}, {"type": "uts"}, {"type": "pid", "path": "/etc/passwd"}]' 'is not a pid namespace'
refused "a path that does not exist" 'del(.linux.sysctl) | .linux.namespaces = [{"type": "mount"}, {"type": "uts"}, {"type": "pid", "path": "/nothing/there"}]' 'does not exist'
refused "a type twice" '.linux.namespaces += [{"type": "pid"}]' 'type pid twice'
refused "an unknown type" '.linux.namespaces += [{"type": "moon"}]' 'moon'
unshare -U sleep 60 &
other=$!
own_pids+=("$other")
for ((i = 0; i < 40; i++)); do [ "$(readlink "/proc/$other/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break; sleep 0.05; done
echo 0 1200000 65536 >"/proc/$other/uid_map"
echo 0 1200000 65536 >"/proc/$other/gid_map"
chown 1200000:1200000 "$work/rootfs" "$work/rootfs"/*
joined='.linux.namespaces = [{"type": "mount"}, {"type": "user", "path": "/proc/'"$other"'/ns/user"}] | '"$no_userns"
is "a user namespace is joined by its path" "$(box "$joined" 'readlink /proc/self/ns/user; id -u' | paste -sd ' ')" "$(readlink "/proc/$other/ns/user") 0"
same='.linux.uidMappings = [{"containerID": 0, "hostID": 1200000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
is "with the maps that it has" "$(box "$joined | $same" 'id -u')" 0
refused "but not with others" "$joined | $same | .linux.uidMappings[0].hostID = 5" 'uidMappings is not the map'
refused "nor with other group maps" "$joined | $same | .linux.gidMappings[0].size = 5" 'gidMappings is not the map'
refused "maps without a user namespace" "$same" 'need a user namespace'
refused "a user namespace without maps" '.linux.namespaces += [{"type": "user"}]' 'needs linux.uidMappings'

# --- clocks
offset='.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 7000000, "nanosecs": 5}, "monotonic": {"secs": 3000000}}'
after() { [ "${1%.*}" -ge 7000000 ] && echo later || echo "not later: $1"; }
is "clocks have offsets" "$(after "$(box "$offset" 'cat /proc/uptime' | cut -d' ' -f1)")" later
like "both of them" "$(box "$offset" 'cat /proc/self/timens_offsets' | tr -s ' \n' ' ')" 'monotonic 3000000 0 boottime 7000000 5'
for where in "" "$(in_userns 1200000)"; do
	name=${where:+ of a user namespace}
	bundle clock "${where:-.} | $offset | .process.args = [\"sleep\", \"60\"]"
	rt --profile oci run -d --bundle "$work/clock" "clock-$$" >/dev/null 2>&1 </dev/null
	is "exec enters the time namespace$name" "$(after "$(rt exec "clock-$$" cat /proc/uptime 2>&1 | cut -d' ' -f1)")" later
	rt delete --force "clock-$$"
done
chown 0:0 "$work/rootfs" "$work/rootfs"/*
refused "offsets for a namespace that is joined" 'del(.linux.sysctl) | .linux.timeOffsets = {"boottime": {"secs": 1}} | .linux.namespaces = '"$all]" 'timeOffsets needs a new time namespace'
refused "a clock that has no offset" '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"realtime": {"secs": 1}}' 'unknown clock'
refused "nanoseconds beyond a second" "$offset | .linux.timeOffsets.boottime.nanosecs = 1000000000" 'must be below'
refused "a clock before zero" "$offset | .linux.timeOffsets.monotonic.secs = -99999999999" 'timeOffsets.monotonic'

# --- scheduling
like "SCHED_DEADLINE, whose tasks make no others" "$(box '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 10000000, "deadline": 30000000, "period": 30000000}' 'read a </proc/self/stat; set -- $a; shift 40; echo policy=$1')" '^policy=6$'
is "the class of I/O" "$(box '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}' 'ionice -p $$')" idle
refused "a priority that the policy has not" '.process.scheduler = {"policy": "SCHED_OTHER", "priority": 3}' 'priority needs policy'
refused "a deadline that the policy has not" '.process.scheduler = {"policy": "SCHED_BATCH", "runtime": 3}' 'need policy SCHED_DEADLINE'
refused "a nice value out of range" '.process.scheduler = {"policy": "SCHED_OTHER", "nice": 20}' 'from -20 to 19'
refused "a policy that no kernel has" '.process.scheduler = {"policy": "SCHED_ISO"}' 'scheduling policy 4'
refused "an I/O priority out of range" '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}' 'from 0 to 7'
like "a memory policy" "$(box '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}' 'head -n 1 /proc/self/numa_maps')" 'interleave=static:0'
is "one that needs no nodes" "$(box '.linux.memoryPolicy = {"mode": "MPOL_DEFAULT", "nodes": ""}' 'echo ran')" ran
refused "one that needs nodes" '.linux.memoryPolicy = {"mode": "MPOL_BIND"}' 'MPOL_BIND needs nodes'
bundle cpus '.process.args = ["sleep", "60"]'
rt --profile oci run -d --bundle "$work/cpus" "cpus-$$" >/dev/null 2>&1 </dev/null
process() { # JQ-FILTER: `exec --process` by a caller that is bound to the last processor
	jq -n '{cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"], args: ["grep", "Cpus_allowed_list", "/proc/self/status"]} | '"$1" >"$work/process"
	taskset -c "$(($(nproc) - 1))" "$agentrt" --root "$work/state" exec --process "$work/process" "cpus-$$" 2>&1 | tr -d '\t'
}
is "exec does not inherit its caller's processors" "$(process .)" "Cpus_allowed_list:$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/1/status)"
is "nor keeps those of the way into the cgroup" "$(process '.execCPUAffinity = {initial: "0"}')" "$(process .)"
is "it gets the final ones" "$(process '.execCPUAffinity = {initial: "0", final: "0"}')" "Cpus_allowed_list:0"
like "processors that are none" "$(process '.execCPUAffinity = {final: "0,x"}')" '^agentrt: .*not a list'
is "exec with a scheduler and a class of I/O" "$(process '.scheduler = {policy: "SCHED_BATCH", nice: 7} | .ioPriority = {class: "IOPRIO_CLASS_IDLE"} | .args = ["sh", "-c", "cut -d\" \" -f19,41 /proc/self/stat; ionice -p $$"]' | paste -sd ' ')" "7 3 idle"
rt delete --force "cpus-$$"

# --- hooks: environment, directory, state, order, what a failure leaves
hook() { # SHELL-TEXT [MORE-MEMBERS]
	printf '{"path": "/bin/sh", "args": ["sh", "-c", %s]%s}' "$(jq -Rs . <<<"$1")" "${2:-}"
}
log=$work/logs
say="exec 2>&1 >>$log"
all_hooks=
for k in prestart createRuntime createContainer poststart poststop; do
	all_hooks+="${all_hooks:+, }\"$k\": [$(hook "$say/$k; cat; echo; pwd; echo \"own=\$OWN\"; readlink /proc/self/ns/mnt; echo $k >>$log/order")]"
done
all_hooks+=", \"startContainer\": [$(hook 'exec >/home/start; cat; echo; pwd; echo "own=$OWN"')]"
bundle hooks ".hooks = {$all_hooks} | .annotations = {\"a/b\": \"c\\\"d\"} | .process.env += [\"OWN=container\"] | .process.args = [\"sh\", \"-c\", \"echo program >>/home/start\"]"
OWN=runtime rt --profile oci run --bundle "$work/hooks" "hooks-$$" </dev/null
is "the hooks run in their order" "$(paste -sd ' ' "$log/order")" "prestart createRuntime createContainer poststart poststop"
mnt=$(readlink /proc/self/ns/mnt)
line() { sed -n "$2p" "$log/$1" 2>/dev/null; }
state_of() { line "$1" 1 | jq -c '[.ociVersion, .id, .status, .bundle, .annotations]'; }
for k in prestart:creating createRuntime:creating createContainer:creating poststart:running poststop:stopped; do
	is "${k%:*}: the state" "$(state_of "${k%:*}")" "[\"1.0.2\",\"hooks-$$\",\"${k#*:}\",\"$work/hooks\",{\"a/b\":\"c\\\"d\"}]"
done
for k in prestart createRuntime poststart poststop; do
	is "$k: in the bundle, with the runtime's environment, in its namespaces" "$(line $k 2) $(line $k 3) $(line $k 4)" "$work/hooks own=runtime $mnt"
done
like "prestart: the state has the container's pid on the host" "$(line prestart 1 | jq .pid)" '^[0-9]{2,}$'
is "createContainer: in the root, without an environment" "$(line createContainer 2) $(line createContainer 3)" "$work/rootfs own="
unlike "createContainer: in the container's namespaces" "$(line createContainer 4)" "^$(sed 's/[][]/\\&/g' <<<"$mnt")$"
is "createContainer: the pid is the container's" "$(line createContainer 1 | jq .pid)" 1
is "startContainer: the state, the directory, the environment, and before the program" \
	"$(head -n 1 "$work/rootfs/home/start" | jq -c '[.status, .pid]') $(sed 1d "$work/rootfs/home/start" | paste -sd ' ')" '["created",1] / own=container program'
rm -f "$work/rootfs/home/start"
unlike "the state's slashes are not escaped" "$(cat "$log/prestart")" '\\/'
out=$(box ".hooks.createContainer = [$(hook "ls $work/rootfs/proc/1 >/dev/null && mount -t tmpfs fromhook $work/rootfs/home")]" 'grep -c fromhook /proc/self/mountinfo')
is "createContainer: the root with its mounts is at root.path, and what it mounts there stays" "$out" 1
is "and nothing of it comes to the host" "$(grep -c fromhook /proc/self/mountinfo)" 0
is "the same without pivot_root" "$(bundle np ".hooks.createContainer = [$(hook "ls $work/rootfs/proc/1 >/dev/null && mount -t tmpfs fromhook $work/rootfs/home")] | .process.args = [\"grep\", \"-c\", \"fromhook\", \"/proc/self/mountinfo\"]"; rt --profile oci run --no-pivot --bundle "$work/np" "np-$$" 2>&1 </dev/null)" 1
for k in prestart createRuntime createContainer startContainer poststart; do
	rm -f "$log"/*
	out=$(box ".hooks = {\"$k\": [$(hook 'echo oops >&2; exit 3'), $(hook "echo second >>$log/second")], \"poststop\": [$(hook "cat >>$log/stop")]} | .process.args = [\"sleep\", \"5\"]" x)
	like "$k fails: the error says what it printed" "$out" "hooks.$k\\[0\\]: $k hook /bin/sh: exit status 3; it printed: oops"
	is "$k fails: the next one does not run, poststop does, nothing is left" "$(ls "$log") $(jq -r .status "$log/stop") $(rt list -q)" "stop stopped "
done
like "a hook that takes too long is killed" "$(box ".hooks.prestart = [$(hook 'echo slow; sleep 20' ', "timeout": 1')]" 'echo RAN')" 'no end within 1 s, killed; it printed: slow'
out=$(box ".hooks.poststop = [$(hook 'exit 4'), $(hook "touch $log/last")]" 'echo ran')
is "poststop fails: that is a warning" "$(grep -c '^ran' <<<"$out") $(test -e "$log/last" && echo went on)" "1 went on"
refused "a hook's relative path" '.hooks.prestart = [{"path": "bin/true"}]' 'must be absolute'
refused "a hook's timeout of 0" '.hooks.prestart = [{"path": "/bin/true", "timeout": 0}]' 'greater than zero'
refused "a hook that is not there" '.hooks.createRuntime = [{"path": "/nothing/there"}]' 'no such file'

# --- seccomp: the listener
cat >"$work/agent.py" <<'EOF'
# Takes listeners on a socket, writes the state of each, and answers ENOSPC to mkdir, "go on" to the rest.
import fcntl, os, socket, struct, sys
path, log = sys.argv[1:]
RECV, SEND, MKDIR = 0xc0502100, 0xc0182101, 83
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(9)
while True:
    c, _ = s.accept()
    data, fds, _, _ = socket.recv_fds(c, 65536, 4)
    with open(log, 'a') as f:
        f.write('%s %d %d\n' % (data.decode(), len(fds), len(c.recv(1))))
    if os.fork():
        os.close(fds[0])
        continue
    while True:
        b = bytearray(80)
        try:
            fcntl.ioctl(fds[0], RECV, b)
            cookie, _, _, nr = struct.unpack_from('QIIi', b)
            fcntl.ioctl(fds[0], SEND, bytearray(struct.pack('QqiI', cookie, 0, *((-28, 0) if nr == MKDIR else (0, 1)))))
        except FileNotFoundError:
            os._exit(0)
EOF
if [ "$(uname -m)" = x86_64 ]; then
	python3 "$work/agent.py" "$work/agent" "$work/states" &
	own_pids+=($!)
	for ((i = 0; i < 40; i++)); do [ -S "$work/agent" ] && break; sleep 0.05; done
	notify() { # CALLS NNP: a filter
		echo '.process.noNewPrivileges = '"$2"' | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$work"'/agent", "listenerMetadata": "meta\"data", "flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"], "syscalls": [{"names": ['"$1"'], "action": "SCMP_ACT_NOTIFY"}]}'
	}
	for nnp in true false; do
		like "an agent answers, no_new_privs $nnp" "$(box "$(notify '"mkdir"' $nnp)" 'mkdir /tmp/x; echo done')" 'No space left'
		is "an agent for whatever the runtime itself may call, no_new_privs $nnp" \
			"$(box "$(notify '"sendmsg", "recvmsg", "sendto", "close", "read", "execve", "exit_group"' $nnp)" 'echo done')" done
	done
	is "the container's process state" "$(head -n 1 "$work/states" | sed 's/ [^ ]*$//; s/ [^ ]*$//' | jq -c '[.ociVersion, .fds, .metadata, .state.status, .state.pid == .pid, (.state.bundle | startswith("'"$work"'/box"))]')" \
		'["1.0.2",["seccompFd"],"meta\"data","creating",true,true]'
	is "comes with one descriptor, and then the connection is closed" "$(head -n 1 "$work/states" | sed 's/.*} //')" "1 0"
	bundle notified "$(notify '"mkdir"' true) | .process.args = [\"sleep\", \"60\"]"
	rt --profile oci run -d --bundle "$work/notified" "notified-$$" </dev/null
	pid=$(rt state "notified-$$" | jq .pid)
	like "exec has its own listener" "$(rt exec "notified-$$" mkdir /tmp/x 2>&1)" 'No space left'
	is "whose state is the container's" "$(tail -n 1 "$work/states" | sed 's/ [^ ]*$//; s/ [^ ]*$//' | jq -c "[.state.status, .state.pid == $pid, .pid == $pid]")" '["running",true,false]'
	rt delete --force "notified-$$"
	like "the agent profile has no agent answer" "$(in_box -p agent "$(notify '"mkdir"' true)" 'mkdir /tmp/x; echo done' 2>&1)" 'not implemented'
	refused "a listener for write" "$(notify '"write"' true)" 'not possible for write'
else
	skip "an agent answers" "the agent of this test knows x86-64's numbers only"
fi
# --- seccomp: what each action does, and when each operator holds
rule() { # ACTION [MORE]: a filter about mkdir
	echo '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "'"$1"'"'"${2:-}"'}]}'
}
for row in "SCMP_ACT_ERRNO::not permitted" "SCMP_ACT_ERRNO:38:not implemented" "SCMP_ACT_KILL::159" "SCMP_ACT_KILL_THREAD::159" \
	"SCMP_ACT_KILL_PROCESS::159" "SCMP_ACT_TRAP::159" "SCMP_ACT_TRACE::not implemented" "SCMP_ACT_LOG::made" "SCMP_ACT_ALLOW::made"; do
	IFS=: read -r action ret want <<<"$row"
	like "$action${ret:+ with errno $ret}" "$(box "$(rule "$action" "${ret:+, \"errnoRet\": $ret}")" 'mkdir /tmp/act && { rmdir /tmp/act; echo made; } || echo $?' | paste -sd ' ')" "$want"
done
# kill(1) of a signal that is an argument: which of 0 (may be sent), and a signal's number, are refused
for row in "SCMP_CMP_EQ:28:28" "SCMP_CMP_NE:28:0 17 18 23" "SCMP_CMP_LT:18:0 17" "SCMP_CMP_LE:18:0 17 18" "SCMP_CMP_GE:23:23 28" "SCMP_CMP_GT:23:28" "SCMP_CMP_MASKED_EQ:16:17 18 23 28"; do
	IFS=: read -r op value want <<<"$row"
	two=$([ "$op" = SCMP_CMP_MASKED_EQ ] && echo ', "valueTwo": 16')
	is "$op" "$(box '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": '"$value$two"', "op": "'"$op"'"}]}]}' \
		'for s in 0 17 18 23 28; do kill -$s $$ 2>/dev/null || echo $s; done' | paste -sd ' ')" "$want"
done
refused "an errno for an action that has none" "$(rule SCMP_ACT_KILL ', "errnoRet": 1')" 'takes no errno'
refused "an unknown action" "$(rule SCMP_ACT_MAYBE)" 'SCMP_ACT_MAYBE'
refused "a rule without names" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_LOG"}]}' 'names must not be empty'
is "a call that nobody knows is left out" "$(box "$(rule SCMP_ACT_ERRNO)"' | .linux.seccomp.syscalls[0].names += ["no_such_call"]' 'echo ran')" ran

nobody='.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nothing/there", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
refused "a listener that is not there" "$nobody" 'listenerPath: connect to /nothing/there'
is "a listener that no rule notifies is not looked for" "$(box "$nobody"' | .linux.seccomp.syscalls[0].action = "SCMP_ACT_LOG" | .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' 'echo ran')" ran
refused "a rule that notifies nobody" "$nobody | del(.linux.seccomp.listenerPath)" 'needs listenerPath'
refused "metadata without a listener" "$nobody | del(.linux.seccomp.listenerPath) | .linux.seccomp.syscalls = [] | .linux.seccomp.listenerMetadata = \"x\"" 'listenerMetadata needs listenerPath'
refused "everything left to an agent" "$nobody | .linux.seccomp.defaultAction = \"SCMP_ACT_NOTIFY\"" 'must not be SCMP_ACT_NOTIFY'

tap_done
