#!/usr/bin/env bash
# badinput.sh - whatever is wrong with a config, an id, a bundle or a state file: one sentence on standard
# error that says where, a status other than zero, and nothing left on the machine.
# AGENTRT: the program under test.
set -u
shopt -s lastpipe # what a pipe feeds counts its results in this shell
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-badinput.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
cleanup() {
	rm -rf "$work"/state/torn-*
	bundle_cleanup
}
trap cleanup EXIT
bundle_setup
chmod 755 "$work"
mkdir -p "$work/state" "$work/b"
n=bad-$$
bundle good '.process.args = ["sleep", "600"]'
good=$work/good/config.json
# What a failed command could leave: state, cgroups, mounts, id ranges, upper directories, processes.
leftovers() {
	find "$work/state" -mindepth 1 -not -name 'torn-*' -not -path '*/torn-*' | wc -l
	find /sys/fs/cgroup -type d -name "*$n*" | wc -l
	grep -c "$work" /proc/self/mountinfo
	grep -s " $work/state\$" /run/agentrt/.ids | wc -l
	find /var/lib/agentrt -maxdepth 1 -name "$n*" 2>/dev/null | wc -l
	pgrep -fc "^sleep 6$$"
}
clean=$(leftovers)
# refused NAME REGEX COMMAND...: fails with one line that matches, and leaves nothing
refused() {
	local name=$1 want=$2 said status bad=
	shift 2
	timeout 30 "$@" 2>"$work/stderr" >"$work/stdout" </dev/null
	status=$?
	said=$(cat "$work/stderr")
	[ $status -ne 0 ] || rt delete --force "$n"
	[ $status -gt 0 ] && [ $status -ne 124 ] && [ $status -lt 128 -o $status -eq 255 ] || bad+="status $status; "
	[ "$(grep -c . <<<"$said")" -eq 1 ] || bad+="not one line; "
	grep -qE -- "$want" <<<"$said" || bad+="want a match of $want; "
	[ "${#said}" -lt 1500 ] || bad+="${#said} characters; "
	[ -s "$work/stdout" ] && bad+="something on standard output; "
	[ "$(leftovers)" = "$clean" ] || bad+="left: $(leftovers | tr '\n' ' ')(was $(tr '\n' ' ' <<<"$clean")); "
	tap_result "$name" "$([ -z "$bad" ]; echo $?)" "$bad"$'\n'"said: $said"
}
create() { "$agentrt" --root "$work/state" --profile "${profile:-oci}" create --bundle "${1:-$work/b}" "${2-$n}"; }
export -f create
export agentrt work n
with() { # JQ-FILTER: the config under test
	jq "$1" "$good" >"$work/b/config.json" || echo "# bad filter: $1"
}

# --- one property of config.json at a time: filter | what the message must have
profile=oci
export profile
while IFS='|' read -r filter want; do
	filter=${filter%% } want=${want## }
	case $filter in '' | '#'*) continue ;; esac
	filter=${filter//¦/|}
	with "$filter"
	refused "$filter" "$want" bash -c create
done <<'TABLE'
# types
. = [] | config\.json.*(object)
. = "x" | config\.json.*(object)
.ociVersion = 1 | config\.json:[0-9]+:[0-9]+: ociVersion: 
del(.ociVersion) | ociVersion
.ociVersion = "2.0.0" | ociVersion
.ociVersion = "x" | ociVersion
.process = [] | config\.json:[0-9]+:[0-9]+: process: 
.process.terminal = "yes" | config\.json:[0-9]+:[0-9]+: process\.terminal: 
.process.args = "true" | config\.json:[0-9]+:[0-9]+: process\.args: 
.process.args = [1] | config\.json:[0-9]+:[0-9]+: process\.args\[0\]: 
.process.args = [] | process\.args
del(.process.args) | process\.args
.process.args = [""] | exec: "": 
.process.env = {"A": "b"} | process\.env: 
.process.cwd = 1 | process\.cwd: 
.process.cwd = "here" | process\.cwd
del(.process.cwd) | process.*cwd
.mounts = {} | config\.json:[0-9]+:[0-9]+: mounts: 
.mounts[0] = "proc" | config\.json:[0-9]+:[0-9]+: mounts\[0\]: 
.mounts[0].options = "ro" | config\.json:[0-9]+:[0-9]+: mounts\[0\]\.options: 
.linux = [] | config\.json:[0-9]+:[0-9]+: linux: 
.linux.namespaces = {} | config\.json:[0-9]+:[0-9]+: linux\.namespaces: 
.linux.sysctl = {"kernel.msgmax": 5} | linux\.sysctl
.annotations = {"a": 1} | config\.json:[0-9]+:[0-9]+: annotations
.annotations = {"": "x"} | annotations
.hooks = [] | config\.json:[0-9]+:[0-9]+: hooks: 
.linux.maskedPaths = "/x" | linux\.maskedPaths: 
# numbers
.process.user.uid = -1 | config\.json:[0-9]+:[0-9]+: process\.user\.uid: 
.process.user.uid = 4294967296 | config\.json:[0-9]+:[0-9]+: process\.user\.uid: 
.process.user.uid = 1.5 | config\.json:[0-9]+:[0-9]+: process\.user\.uid: 
.process.user.uid = "0" | config\.json:[0-9]+:[0-9]+: process\.user\.uid: 
.process.user.additionalGids = [-1] | process\.user\.additionalGids
.process.user.umask = 4294967296 | process\.user\.umask
.process.oomScoreAdj = 1001 | process\.oomScoreAdj
.process.oomScoreAdj = 99999999999999999999 | process\.oomScoreAdj
.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": -1, "hard": 5}] | process\.rlimits\[0\]
.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 18446744073709551616, "hard": 5}] | process\.rlimits\[0\]
.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 6, "hard": 5}] | process\.rlimits: RLIMIT_NOFILE
.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 5}, {"type": "RLIMIT_NOFILE", "soft": 5, "hard": 5}] | process\.rlimits
.linux.resources.memory.limit = "1g" | config\.json:[0-9]+:[0-9]+: linux\.resources\.memory\.limit: 
.linux.resources.memory.limit = 9223372036854775808 | linux\.resources\.memory\.limit
.linux.resources.memory = {"limit": 1048576, "swap": 1024} | linux\.resources: memory\.swap
.linux.resources.memory.swappiness = 101 | linux\.resources: memory\.swappiness
.linux.resources.cpu.shares = -1 | linux\.resources\.cpu\.shares
.linux.resources.cpu.cpus = "x" | linux\.resources\.cpu\.cpus
.linux.resources.cpu.cpus = "9999" | linux\.resources\.cpu\.cpus
.linux.resources.pids.limit = 1.5 | linux\.resources\.pids\.limit
.linux.resources.blockIO.weight = 5 | linux\.resources: blockIO: .*10 to 1000
.linux.resources.blockIO.weight = 70000 | linux\.resources.* blockIO: .*10 to 1000
.linux.resources.hugepageLimits = [{"pageSize": "3KB", "limit": 1}] | linux\.resources\.hugepageLimits
.linux.resources.devices = [{"allow": true, "type": "x", "access": "rwm"}] | linux\.resources\.devices\[0\]
.linux.resources.devices = [{"allow": true, "access": "rwxm"}] | linux\.resources\.devices\[0\]
.process.consoleSize = {"height": -1, "width": 5} | process\.consoleSize
# names that there are not
.process.rlimits = [{"type": "RLIMIT_NONE", "soft": 5, "hard": 5}] | RLIMIT_NONE
.linux.namespaces += [{"type": "nope"}] | linux\.namespaces\[[0-9]+\]\.type.*nope
.linux.namespaces += [{"type": "pid"}] | linux\.namespaces.*pid
.linux.rootfsPropagation = "sideways" | linux\.rootfsPropagation
.linux.personality = {"domain": "LINUX64"} | linux\.personality\.domain.*LINUX64
.process.scheduler = {"policy": "SCHED_NONE"} | SCHED_NONE
.process.scheduler = {"policy": "SCHED_OTHER", "priority": 5} | process\.scheduler
.process.scheduler = {"policy": "SCHED_OTHER", "nice": 20} | process\.scheduler
.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NONE"]} | SCHED_FLAG_NONE
.process.ioPriority = {"class": "IOPRIO_CLASS_NONE_SUCH", "priority": 0} | IOPRIO_CLASS_NONE_SUCH
.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8} | process\.ioPriority
.linux.memoryPolicy = {"mode": "MPOL_NONE"} | MPOL_NONE
.linux.memoryPolicy = {"mode": "MPOL_BIND"} | linux\.memoryPolicy
.linux.devices = [{"path": "/dev/x", "type": "q", "major": 1, "minor": 3}] | linux\.devices\[0\]
.linux.devices = [{"path": "dev/x", "type": "c", "major": 1, "minor": 3}] | linux\.devices\[0\]
.linux.devices = [{"path": "/dev/x", "type": "c", "major": -1, "minor": 3}] | linux\.devices\[0\]
.linux.seccomp = {} | config\.json:[0-9]+:[0-9]+: linux\.seccomp: property "defaultAction" is required
.linux.seccomp = {"defaultAction": "SCMP_ACT_MAYBE"} | SCMP_ACT_MAYBE
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP11"]} | SCMP_ARCH_PDP11
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NONE"]} | SECCOMP_FILTER_FLAG_NONE
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]} | linux\.seccomp\.syscalls\[0\]
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]} | linux\.seccomp\.syscalls\[0\]
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_SO"}]}]} | SCMP_CMP_SO
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL", "errnoRet": 5}]} | linux\.seccomp\.syscalls\[0\]
.linux.seccomp = {"defaultAction": "SCMP_ACT_NOTIFY"} | linux\.seccomp
.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"} | linux\.seccomp
# things that do not go together
del(.root) | root
del(.root.path) | root: property "path" is required
.root.path = "" | root: property "path" is required
.root.path = "/no/such/root" | root\.path: .*/no/such/root.*no such file
.root.path = "/etc/passwd" | root\.path.*not a directory
.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | linux\.uidMappings
.linux.namespaces += [{"type": "user"}] | linux\.uidMappings
.linux.namespaces += [{"type": "user"}] ¦ .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | linux\.(uidMappings, linux\.)?gidMappings
.linux.namespaces += [{"type": "user"}] ¦ .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 0}] ¦ .linux.gidMappings = .linux.uidMappings | linux\.uidMappings\[0\]
.linux.namespaces += [{"type": "user"}] ¦ .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 9}, {"containerID": 5, "hostID": 200000, "size": 9}] ¦ .linux.gidMappings = .linux.uidMappings | linux\.uidMappings\[1\] has ids of linux\.uidMappings\[0\]
.linux.namespaces += [{"type": "user"}] ¦ .linux.uidMappings = [{"containerID": 0, "hostID": 4294967290, "size": 65536}] ¦ .linux.gidMappings = .linux.uidMappings | linux\.uidMappings\[0\]
.linux.namespaces += [{"type": "user"}] ¦ .linux.uidMappings = [range(341) ¦ {"containerID": ., "hostID": (100000 + 2 * .), "size": 1}] ¦ .linux.gidMappings = .linux.uidMappings | 340
.linux.timeOffsets = {"boottime": {"secs": 5}} | linux\.timeOffsets
.linux.namespaces += [{"type": "time"}] ¦ .linux.timeOffsets = {"realtime": {"secs": 5}} | linux\.timeOffsets.*realtime
.linux.namespaces ¦= map(select(.type != "uts")) ¦ .hostname = "x" | hostname
.linux.namespaces ¦= map(select(.type != "mount")) | needs a mount namespace in linux\.namespaces
del(.linux.maskedPaths, .linux.readonlyPaths) ¦ .linux.namespaces ¦= map(select(.type != "mount")) | linux\.namespaces.*mount namespace
(.linux.namespaces[] ¦ select(.type == "ipc")).path = "proc/1/ns/ipc" | linux\.namespaces.*absolute
(.linux.namespaces[] ¦ select(.type == "ipc")).path = "/no/such/ns" | linux\.namespaces.*/no/such/ns.*does not exist
(.linux.namespaces[] ¦ select(.type == "ipc")).path = "/proc/self/ns/uts" | linux\.namespaces.*not an? ipc namespace
(.linux.namespaces[] ¦ select(.type == "ipc")).path = "/etc/passwd" | linux\.namespaces.*not an? ipc namespace
.linux.sysctl = {"vm.swappiness": "1"} | linux\.sysctl.*vm.swappiness
.linux.sysctl = {"net.ipv4.ip_forward": "x"} | net.ipv4.ip_forward
.mounts += [{"destination": "/x", "type": "bind", "source": "/no/such/source", "options": ["bind"]}] | mounts\[[0-9]+\].*/no/such/source.*no such file
.mounts += [{"type": "tmpfs"}] | mounts\[[0-9]+\]\.?.*destination
.mounts += [{"destination": "/x", "type": "nosuchfs", "source": "x"}] | mounts\[[0-9]+\].*nosuchfs
.mounts += [{"destination": "/x", "type": "tmpfs", "source": "x", "options": ["nosuchoption"]}] | mounts\[[0-9]+\].*
.mounts += [{"destination": "/etc/passwd/x", "type": "tmpfs", "source": "x"}] | mounts\[[0-9]+\].*/etc/passwd/x
.mounts += [{"destination": "/x", "type": "bind", "source": "/tmp", "options": ["bind", "size=5"]}] | mounts\[[0-9]+\]
.hooks = {"prestart": [{"path": "bin/x"}]} | hooks\.prestart\[0\]\.?.*path
.hooks = {"prestart": [{"path": "/no/such/hook"}]} | /no/such/hook
.hooks = {"prestart": [{"path": "/bin/true", "timeout": 0}]} | hooks\.prestart\[0\]: timeout
.hooks = {"prestart": [{"path": "/bin/true", "timeout": -1}]} | hooks\.prestart\[0\]: timeout
.hooks = {"createRuntime": [{"path": "/bin/false"}]} | createRuntime hook /bin/false: exit status 1
.process.args = ["/bin/nosuch"] | exec: "/bin/nosuch"
.process.apparmorProfile = "nosuch" | process\.apparmorProfile
.process.selinuxLabel = "nosuch" | process\.selinuxLabel
.linux.cgroupsPath = "/" | linux\.cgroupsPath
.process.terminal = true | --console-socket is needed
.linux.intelRdt = {"closID": "x", "l3CacheSchema": "L3:0=f"} | linux\.intelRdt
.linux.netDevices = {"nosuch0": {}} | linux\.netDevices
TABLE

# --- the agent profile: what it takes is given back
profile=agent
for filter in '.root.path = "/no/such"' '.process.args = ["nope"]' '.hooks = {"createRuntime": [{"path": "/bin/false"}]}' \
	'.mounts += [{"destination": "/x", "type": "bind", "source": "/etc/shadow", "options": ["bind"]}]' \
	'.process.rlimits = [{"type": "RLIMIT_NONE", "soft": 5, "hard": 5}]' '.linux.sysctl = {"net.ipv4.ip_forward": "x"}' \
	'.mounts += [{"destination": "/etc/passwd/x", "type": "tmpfs", "source": "x"}]'; do
	with "$filter"
	refused "agent: $filter" '^agentrt: ' bash -c create
done
profile=oci

# --- somebody else's cgroup is neither joined nor touched
rt --profile oci run -d --bundle "$(bundle own ".linux.cgroupsPath = \"/$n-own\" | .process.args = [\"sleep\", \"600\"]"; echo "$work/own")" "own-$n" </dev/null >/dev/null 2>&1
clean=$(leftovers)
for profile in oci agent; do
	with ".linux.cgroupsPath = \"/$n-own\""
	refused "$profile: a cgroup that holds processes" "linux\.cgroupsPath: .*/$n-own exists and holds 1 processes: it belongs to something else" bash -c create
	is "$profile: the other container goes on" "$(rt state "own-$n" | jq -r .status)" running
done
profile=oci
rt pause "own-$n"
refused "a frozen one" "linux\.cgroupsPath: .*/$n-own (is frozen|exists and holds)" bash -c create
rt resume "own-$n"
rt delete --force "own-$n"
for h in $(awk '$0 ~ / - cgroup2? / {print $5}' /proc/self/mountinfo | grep ^/sys/fs/cgroup); do mkdir -p "$h/$n-own"; done
clean=$(leftovers)
with ".linux.cgroupsPath = \"/$n-own\" | .process.args = [\"nope\"]"
refused "an empty one stays when create fails" 'executable file not found' bash -c create
for h in $(awk '$0 ~ / - cgroup2? / {print $5}' /proc/self/mountinfo | grep ^/sys/fs/cgroup); do rmdir "$h/$n-own"; done
clean=$(leftovers)

# --- text that is no JSON, or too much of it
text() { # NAME REGEX: the text is standard input
	cat >"$work/b/config.json"
	refused "$1" "$2" bash -c create
}
len=$(jq -c . "$good" | wc -c)
printf '' | text "an empty config" 'config\.json:1:[0-9]+: '
printf '\n\n  {"ociVersion" "1.0.0"}' | text "a missing colon has its line and column" 'config\.json:3:1[0-9]: '
printf '{"ociVersion": "1.0.0",}' | text "a comma too much" 'config\.json:1:[0-9]+: '
printf "{'ociVersion': 1}" | text "other quotes" 'config\.json:1:[0-9]+: '
printf '// x\n{}' | text "a comment" 'config\.json:[12]:[0-9]+: '
jq -c . "$good" | sed 's/$/ x/' | text "something behind it" 'config\.json:[0-9]+:[0-9]+: '
(cat "$good" "$good") | text "two documents" 'config\.json:[0-9]+:[0-9]+: '
jq -c '.' "$good" | sed 's/"ociVersion"/"ociVersion":"1.0.0","ociVersion"/' | text "a member twice" 'config\.json:1:[0-9]+: .*"?ociVersion"?.*(twice|duplicate)'
jq -c '.' "$good" | sed 's/"cwd"/"cwd":"\/tmp","cwd"/' | text "a member twice further in" 'config\.json:1:[0-9]+: .*cwd'
printf '{"ociVersion": "1.0.0\377"}' | text "bytes that are no UTF-8" 'config\.json:1:[0-9]+: '
printf '{"ociVersion": "1.0.0\\u0000"}' | text "a NUL in a string" 'config\.json:1:[0-9]+: '
printf '{"a": "\\ud800"}' | text "half a surrogate" 'config\.json'
printf '\357\273\277{}' | text "a byte order mark" 'config\.json'
printf '{\0}' | text "a NUL byte" 'config\.json:1:[0-9]+: '
(printf '%0.s[' {1..2000}; printf '%0.s]' {1..2000}) | text "nesting without end" 'config\.json:1:[0-9]+: .*(deep|nest)'
(printf '{"a":"'; head -c 20000000 /dev/zero | tr '\0' a; printf '"}') | text "20 MB" 'config\.json'
for number in 1e3 0x10 01 +1 .5 1. 1e 1e400 NaN Infinity -; do
	jq -c '.process.user.uid = "NUMBER"' "$good" | sed "s/\"NUMBER\"/$number/" | text "the number $number" 'config\.json:1:[0-9]+: '
done
bad=0
for ((i = 1; i < len - 1; i += 37)); do # cut short at many places
	jq -c . "$good" | head -c "$i" >"$work/b/config.json"
	said=$(create 2>&1 </dev/null) && bad=$((bad + 1))
	[ "$(grep -cE '^agentrt: config\.json:1:[0-9]+: ' <<<"$said")" -eq 1 ] && [ "$(wc -l <<<"$said")" -eq 1 ] || { bad=$((bad + 1)); echo "# at $i: $said"; }
done
is "a config cut short anywhere has its place" "$bad" 0
is "and leaves nothing" "$(leftovers)" "$clean"

# --- ids
cp "$good" "$work/b/config.json"
for id in '' . .. ./a a/b ../a /a a\\b 'a b' $'a\nb' 'a:b' 'a@b' "ä" .hidden "$(printf '%0256d' 0)"; do
	refused "the id '${id:0:20}' is refused" 'invalid container ID format' bash -c 'create "$work/b" "$1"' bash "$id"
done
for c in start state kill delete "delete --force" ps pause resume events update; do
	refused "$c of an id that is none" 'invalid container ID format' "$agentrt" --root "$work/state" $c ../b
done
refused "-x is no id but an option" 'unknown option' bash -c 'create "$work/b" -x'

# --- bundles
rm -rf "$work/b2"
refused "a bundle that is not there" "open bundle $work/b2: no such file" bash -c 'create "$work/b2"'
touch "$work/file"
refused "one that is a file" "$work/file" bash -c 'create "$work/file"'
mkdir "$work/b2"
refused "one without a config" "$work/b2/config\.json: no such file" bash -c 'create "$work/b2"'
mkdir "$work/b2/config.json"
refused "whose config is a directory" "$work/b2/config\.json" bash -c 'create "$work/b2"'
rmdir "$work/b2/config.json" && mkfifo "$work/b2/config.json"
refused "or a fifo that nobody fills" "$work/b2/config\.json" bash -c 'create "$work/b2"'
rm "$work/b2/config.json" && ln -s /dev/zero "$work/b2/config.json"
refused "or has no end" "$work/b2/config\.json" bash -c 'create "$work/b2"'
rm "$work/b2/config.json" && ln -s config.json "$work/b2/config.json"
refused "or a link to itself" "$work/b2/config\.json: too many levels" bash -c 'create "$work/b2"'

# --- a bundle that vanishes under its container
vanish() { # sets up a created container and takes its bundle away
	rm -rf "$work/v" && cp -r "$work/good" "$work/v"
	"$agentrt" --root "$work/state" --profile "$1" create --bundle "$work/v" "$n" </dev/null >/dev/null 2>&1
	rm -rf "$work/v"
}
for p in oci agent; do
	vanish $p
	ok "$p: a container whose bundle has gone starts" rt start "$n"
	is "$p: and is seen" "$(rt state "$n" | jq -r .status)" running
	is "$p: and entered" "$(rt exec "$n" echo in)" in
	ok "$p: and deleted" rt delete --force "$n"
	is "$p: nothing is left" "$(leftovers)" "$clean"
done
refused "a taken id" 'container with given ID already exists: taken' bash -c 'mkdir "$work/state/taken"; create "$work/good" taken; s=$?; rmdir "$work/state/taken"; exit $s'

# --- state files cut short, of another version, of another shape
broken() { # NAME JQ-FILTER-OR-- [TEXT]: a running container whose state.json is damaged
	rt --profile "$profile" run -d --bundle "$work/good" "$n" </dev/null >/dev/null 2>&1
	pid=$(rt state "$n" | jq .pid)
	if [ "$2" = - ]; then printf '%s' "$3" >"$work/s"; else jq -c "$2" "$work/state/$n/state.json" >"$work/s"; fi
	cp "$work/s" "$work/state/$n/state.json"
	local c bad= said
	for c in "state $n" "start $n" "kill $n" "delete $n" "ps $n" "pause $n" "resume $n" "events $n" "update --pids-limit 5 $n" "exec $n true"; do
		said=$(timeout 20 "$agentrt" --root "$work/state" $c 2>&1 >/dev/null </dev/null) && bad+="$c succeeds; "
		[ "$(wc -l <<<"$said")" -eq 1 ] && grep -q "state\.json" <<<"$said" || bad+="$c: $said; "
	done
	tap_result "$profile: state.json $1: every command says so in one sentence" "$([ -z "$bad" ]; echo $?)" "$bad"
	is "$profile: list shows the others" "$(rt list -q | wc -l)" 1
	ok "$profile: delete --force removes it" rt delete --force "$n"
	unlike "$profile: with its process" "$(cat "/proc/$pid/status" 2>/dev/null)" '^State:.[^ZX]'
	is "$profile: nothing is left" "$(leftovers)" "$clean"
}
for profile in oci agent; do
	broken "cut short" - '{"version":1,"id":"x","ociVer'
	broken "empty" - ''
	broken "of an older version" '.version = 0'
	broken "of a newer version" '.version = 2 | .more = {}'
	broken "without a version" 'del(.version)'
	broken "of another shape" '.pid = "x"'
	broken "without a member" 'del(.bootId)'
	broken "that is no object" '[]'
done
profile=oci
rt --profile oci run -d --bundle "$work/good" "$n" </dev/null >/dev/null 2>&1
echo '{"ociVersion": ' >"$work/state/$n/config.json"
like "a saved config cut short: exec says so" "$(rt exec "$n" true 2>&1)" 'saved config\.json:[0-9]+:[0-9]+: '
ok "delete --force removes the container" rt delete --force "$n"
is "nothing is left at the end" "$(leftovers)" "$clean"
tap_done
