#!/usr/bin/env bash
# cli.sh - every command as engines call it: what it prints, its exit status, its error, what is left.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
work=$(mktemp -d /tmp/agentrt-cli.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
n=-$$
oci() { rt --profile oci "$@"; }
said() { "$@" 2>&1 >/dev/null </dev/null; } # what it says on standard error
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
status_in() { oci state "$1" 2>/dev/null | jq -r .status; }
up() { # ID [JQ-FILTER] [PROGRAM...]: a detached container
	local id=$1 filter=${2:-.}
	shift; [ $# -gt 0 ] && shift
	bundle "$id" "$filter | .process.args = $(jq -cn '$ARGS.positional' --args "${@:-sleep}" ${2:-600})" &&
		oci run --detach --bundle "$work/$id" "$id" >"$work/$id.out" 2>&1 </dev/null
}
stay='.process.args = ["sh", "-c", "trap \"exit 7\" TERM; while :; do sleep 1; done"]'
cgroups() { left_cgroups "$1" | wc -l; }

# --- without a container
like "--version begins as engines parse it" "$("$agentrt" --version | head -n 1)" '^agentrt version [0-9]+\.[0-9]+'
like "--version names the commit and the specification" "$("$agentrt" -v | tr '\n' ' ')" 'commit: [^ ]+ spec: 1\.3\.0 '
like "--help lists the commands" "$("$agentrt" --help)" '^  create '
like "a command has help" "$("$agentrt" create --help)" '--console-socket SOCKET'
like "and so with one dash" "$("$agentrt" run -help)" '--no-subreaper'
is "no command is an error" "$(status_of "$agentrt")" 1
like "an unknown command is an error" "$(said "$agentrt" creat)" '^agentrt: unknown command creat '
like "an unknown option is an error" "$(said "$agentrt" create --bundel x)" 'unknown option --bundel'
like "a missing value is an error" "$(said "$agentrt" create --bundle)" 'requires an argument$'
like "a missing id is an error" "$(said "$agentrt" create)" 'wrong number of arguments'
is "features is JSON" "$("$agentrt" features | jq -r .ociVersionMin)" 1.0.0
is "features says nothing on standard error" "$(said "$agentrt" features)" ""
like "features: rro, user namespaces and idmapped mounts are there" \
	"$("$agentrt" features | jq -c '[(.mountOptions | index("rro") != null), (.linux.namespaces | index("user") != null), .linux.mountExtensions.idmap.enabled]')" '^\[true,true,true\]$'
is "checkpoint --help fails" "$(status_of "$agentrt" checkpoint --help)" 1
is "checkpoint says one sentence" "$(said "$agentrt" checkpoint --image-path /x id | wc -l)" 1
is "restore fails with any option" "$(status_of "$agentrt" restore --lsm-mount-context)" 1
like "--root / is refused" "$(said "$agentrt" --root / list)" '^agentrt: --root /'
like "a bad log format is refused" "$(said "$agentrt" --log-format xml list)" 'must be text or json'
mkdir "$work/new"
ok "spec writes a config" "$agentrt" spec --bundle "$work/new"
is "it is one" "$(jq -r .ociVersion "$work/new/config.json" | cut -c1-2)" 1.
is "written for people: one member a line" "$(sed -n 2p "$work/new/config.json" | tr -d '\t')" '"ociVersion": "1.3.0",'
like "spec does not overwrite" "$(said "$agentrt" spec -b "$work/new")" 'exists: remove it first'
is "profiles are listed" "$("$agentrt" profile list | cut -d' ' -f1 | sort | tr '\n' ' ')" "agent agent-strict oci "
ok "the built-in profiles are sound" sh -c "for p in agent agent-strict oci; do '$agentrt' profile check \$p || exit 1; done"
is "profile show prints JSON" "$("$agentrt" profile show agent | jq -r .name)" agent
like "an unknown profile is named" "$(said rt --profile nothere list; said rt --profile nothere explain -b "$work/new")" 'profile "nothere" does not exist'
like "a profile's name is no path" "$(said rt --profile ../../x explain -b "$work/new")" 'profile name'

# --- create, state, start, kill, delete: the life of a container under containerd
bundle life "$stay"
bundle true '.process.args = ["true"]'
ok "create" sh -c "cd / && timeout 30 '$agentrt' --root '$work/state' --profile oci --log '$work/log.json' --log-format json create --bundle '$work/life' --pid-file '$work/life.pid' life$n </dev/null >'$work/life.out' 2>&1"
is "an empty log after a success" "$(wc -c <"$work/log.json")" 0
is "state: created" "$(status_in "life$n")" created
is "the pid file holds the pid and no newline" "$(od -An -c "$work/life.pid" | tr -d ' ')" "$(oci state "life$n" | jq -j .pid | od -An -c | tr -d ' ')"
is "state has every member" "$(oci state "life$n" | jq -c keys)" '["annotations","bundle","created","id","ociVersion","owner","pid","rootfs","status"]'
like "created is RFC 3339 with nanoseconds" "$(oci state "life$n" | jq -r .created)" '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}Z$'
is "bundle is absolute" "$(oci state "life$n" | jq -r .bundle)" "$work/life"
like "the id is taken" "$(said oci create --bundle "$work/life" "life$n")" 'container with given ID already exists'
# CVE-2019-5736: a container whose root owns the runtime's file. A file that somebody executes is busy for
# writing only as long as it is executed; that its mount is read-only lasts.
writes_exe() { sh -c ": >/proc/$(cat "$work/life.pid")/exe" 2>&1; }
like "the waiting process runs from a file that cannot be written" "$(writes_exe)" 'Read-only file system'
is "nothing of the runtime's own file is mapped" "$(grep -c "$agentrt" "/proc/$(cat "$work/life.pid")/maps")" 0
if [ -e /proc/sys/kernel/ns_last_pid ]; then
	strace -qqf -e trace=execveat -e signal=none -o "$work/strace" "$agentrt" --root "$work/state" --profile oci run --bundle "$work/true" "once$n" >/dev/null 2>&1 </dev/null
	is "for that the runtime is started once" "$(wc -l <"$work/strace")" 0
else
	skip "for that the runtime is started once" "a kernel without CONFIG_CHECKPOINT_RESTORE"
fi
bundle echo '.process.args = ["echo", "ran"]'
is "where it cannot move to another file it runs" "$(strace -qq -e trace=execveat,mremap -e inject=mremap:error=ENOMEM:when=1 -e signal=none -o "$work/strace" \
	"$agentrt" --root "$work/state" --profile oci run --bundle "$work/echo" "twice$n" 2>&1 </dev/null)" ran
is "and is started twice" "$(grep -c execveat "$work/strace")" 1
like "an id with a slash is refused" "$(said oci create --bundle "$work/life" a/b)" 'invalid container ID format'
like "an id with a leading dot is refused" "$(said oci create --bundle "$work/life" .a)" 'invalid container ID format'
is "exec before start, as peers have it" "$(oci exec "life$n" echo early)" early
ok "start" oci start "life$n"
is "state: running" "$(status_in "life$n")" running
like "a second start is refused" "$(said oci start "life$n")" 'cannot start an already running container'
like "delete of a running one is refused" "$(said oci delete "life$n")" 'not stopped'
is "and changes nothing" "$(status_in "life$n")" running
is "list -q" "$(oci list -q)" "life$n"
is "list as JSON" "$(oci list --format json | jq -r '.[0].id + " " + .[0].status + " " + .[0].owner')" "life$n running "
like "list as a table" "$(oci list | tail -n 1)" "^life$n +[0-9]+ +running +$work/life"
is "ps as JSON has the pid" "$(oci ps --format json "life$n" | jq 'index('"$(cat "$work/life.pid")"') != null')" true
like "ps as a table" "$(oci ps "life$n" | sed -n 2p)" "$(cat "$work/life.pid")"
like "ps takes arguments of ps(1)" "$(oci ps "life$n" -eo pid,comm | head -n 2 | tail -n 1)" '^ *[0-9]+ +[a-z]'
is "events --stats" "$(oci events --stats "life$n" | jq -r '.type + " " + .id')" "stats life$n"
like "an unknown signal is refused" "$(said oci kill "life$n" NOSUCH)" 'unknown signal'
ok "kill by name" oci kill "life$n" TERM
for i in $(seq 50); do [ "$(status_in "life$n")" = stopped ] && break; sleep 0.1; done
is "state: stopped" "$(status_in "life$n")" stopped
is "a stopped one has pid 0" "$(oci state "life$n" | jq .pid)" 0
like "kill of a stopped one is refused" "$(said oci kill "life$n" KILL)" 'container not running'
is "kill --all of a stopped one succeeds" "$(status_of oci kill --all "life$n" KILL)" 0
like "start of a stopped one is refused" "$(said oci start "life$n")" 'cannot start a container that has stopped'
like "exec in a stopped one is refused" "$(said oci exec "life$n" true)" 'cannot exec in a stopped container'
is "with status 255" "$(status_of oci exec "life$n" true)" 255
ok "delete" oci delete "life$n"
like "then it does not exist" "$(said oci state "life$n")" 'container does not exist'
is "state of nobody prints nothing" "$(oci state "life$n" 2>/dev/null)" ""
for c in start kill delete pause resume ps events; do
	like "$c of nobody" "$(said oci $c "nobody$n")" 'container does not exist'
	is "$c of nobody has status 1" "$(status_of oci $c "nobody$n")" 1
done
is "delete --force of nobody succeeds" "$(status_of oci delete --force "nobody$n")" 0
is "no cgroup is left" "$(cgroups "life$n")" 0
is "no state is left" "$(find "$work/state" -mindepth 1 | wc -l)" 0

up "moved$n"
pid=$(oci state "moved$n" | jq .pid)
for procs in /sys/fs/cgroup{,/*}/cgroup.procs; do echo "$pid" 2>/dev/null >"$procs"; done
ok "delete --force of one that was moved out of its cgroup" oci delete --force "moved$n"
not_ok_cmd "kills it" grep '^State:.[^ZX]' "/proc/$pid/status"

# --- errors go to standard error and to the log, as JSON objects that engines read
oci --log "$work/err.json" --log-format json state "nobody$n" >/dev/null 2>"$work/err"
is "one JSON object" "$(jq -s length "$work/err.json")" 1
is "of level error" "$(jq -r .level "$work/err.json")" error
like "with the message" "$(jq -r .msg "$work/err.json")" '^container does not exist'
like "and an RFC 3339 time" "$(jq -r .time "$work/err.json")" '^20[0-9-]{8}T[0-9:]{8}(\.[0-9]+)?Z$'
like "and on standard error" "$(cat "$work/err")" '^agentrt: container does not exist'
bundle nope '.process.args = ["nope"]'
like "a program that is not in PATH is an error of create" "$(said oci create --bundle "$work/nope" "nope$n")" 'exec: "nope": executable file not found in \$PATH'
bundle nopath '.process.args = ["/no/such"]'
like "a path that does not exist" "$(said oci create --bundle "$work/nopath" "nope$n")" '[Nn]o such file or directory'
bundle dir '.process.args = ["/etc"]'
like "a directory" "$(said oci create --bundle "$work/dir" "nope$n")" '([Pp]ermission denied|[Ii]s a directory)'
bundle broken . && echo '{"ociVersion": ' >"$work/broken/config.json"
like "a broken config names the place" "$(said oci create --bundle "$work/broken" "nope$n")" 'config\.json:[0-9]+:[0-9]+'
like "a bundle that does not exist is named" "$(said oci create --bundle "$work/none" "nope$n")" "$work/none"
like "the systemd driver is refused clearly" "$(said oci --systemd-cgroup create --bundle "$work/life" "nope$n")" 'systemd cgroups are not implemented'
bundle tty '.process.terminal = true'
like "a terminal without a console socket is refused" "$(said oci create --bundle "$work/tty" "nope$n")" '--console-socket is needed'
like "a console socket without terminal is refused" "$(said oci create --bundle "$work/life" --console-socket /x "nope$n")" 'process.terminal is false'
is "failed creates leave nothing" "$(find "$work/state" -mindepth 1 | wc -l) $(cgroups "nope$n")" "0 0"

# --- run
is "run passes output through" "$(in_box -p oci 'echo out')" out
is "run passes input through" "$(bundle in '.process.args = ["cat"]'; echo in | oci run --bundle "$work/in" "in$n")" in
bundle s42 '.process.args = ["sh", "-c", "exit 42"]'
is "run has the status of the process" "$(status_of oci run --bundle "$work/s42" "s$n")" 42
bundle term '.process.args = ["sh", "-c", "kill -KILL $$; sleep 5"] | .linux.namespaces |= map(select(.type != "pid"))'
is "or 128 and the signal" "$(status_of oci run --bundle "$work/term" "t$n")" 137
is "run in the current directory" "$(cd "$work/s42" && status_of oci run "s$n")" 42
is "run deletes" "$(oci list -q | wc -l)" 0
status_of oci run --keep --bundle "$work/s42" "s$n" >/dev/null
is "run --keep does not" "$(status_in "s$n")" stopped
oci delete "s$n"
ok "run -d" up "d$n"
is "leaves it running" "$(status_in "d$n")" running

# --- exec
is "exec prints" "$(oci exec "d$n" echo hi)" hi
is "exec has the status of the process" "$(status_of oci exec "d$n" sh -c 'exit 3')" 3
like "exec of nothing" "$(said oci exec "d$n")" 'no program given'
like "exec of what does not exist" "$(said oci exec "d$n" nope)" 'executable file not found in \$PATH'
is "with status 255" "$(status_of oci exec "d$n" nope)" 255
is "exec -e, --cwd and -u" "$(oci exec -e A=b --cwd /tmp -u 1000:1000 "d$n" sh -c 'echo $A $(pwd) $(id -u):$(id -g)')" "b /tmp 1000:1000"
is "exec -e replaces" "$(oci exec -e A=1 --env=A=2 "d$n" env | grep ^A=)" A=2
is "exec -g" "$(oci exec -u 1000:1000 -g 2000 -g 3000 "d$n" id -G)" "1000 2000 3000"
for u in "" -1 4294967295 4294967296 1x x:1 1:x 1:2:3 " 1" +1 0x1; do
	is "exec -u '$u' is refused" "$(status_of oci exec "--user=$u" "d$n" true)" 255
done
is "exec -u 1 is uid 1" "$(oci exec -u 1 "d$n" id -u)" 1
is "exec -c never fills the inheritable set" "$(oci exec -c CAP_NET_ADMIN "d$n" grep -E 'CapInh|CapAmb' /proc/self/status | tr -d '\t' | sort | tr '\n' ' ')" "CapAmb:0000000000000000 CapInh:0000000000000000 "
like "exec -c adds" "$(oci exec -c CAP_NET_ADMIN "d$n" grep CapEff /proc/self/status)" 'a80435fb$'
like "exec --no-new-privs" "$(oci exec --no-new-privs "d$n" grep NoNewPrivs /proc/self/status)" '1$'
echo '{"args": ["sh", "-c", "echo $B; pwd"], "env": ["B=c", "PATH=/bin"], "cwd": "/etc", "user": {"uid": 0, "gid": 0}}' >"$work/proc.json"
is "exec --process" "$(oci exec --process "$work/proc.json" "d$n" | tr '\n' ' ')" "c /etc "
echo '{"args": ["sleep", "300"], "env": ["PATH=/bin"], "cwd": "/"}' >"$work/proc2.json"
is "exec --process --detach --pid-file, as containerd does" "$(status_of oci exec --process "$work/proc2.json" --detach --pid-file "$work/x.pid" "d$n")" 0
like "it runs, and its pid is known" "$(tr '\0' ' ' <"/proc/$(cat "$work/x.pid")/cmdline")" '^sleep 300'
is "ps shows it" "$(oci ps --format json "d$n" | jq 'index('"$(cat "$work/x.pid")"') != null')" true

sub=/sys/fs/cgroup/pids; [ -d $sub ] || sub=/sys/fs/cgroup
sub=$(find $sub -type d -name "*d$n" | head -n 1)
mkdir "$sub/below"
if [ -d /sys/fs/cgroup/pids ]; then
	like "exec --cgroup is a cgroup below the container's" "$(oci exec --cgroup pids:below "d$n" sleep 0.2 & sleep 0.1; for p in $(cat "$sub/below/cgroup.procs"); do cat "/proc/$p/comm"; done; wait)" 'sleep'
	is "and never above it" "$(oci exec --cgroup pids:../.. "d$n" grep pids: /proc/self/cgroup | cut -d: -f2-)" pids:/
fi
rmdir "$sub/below"

# --- descriptors and terminals
echo passed >"$work/fd"
bundle fds '.process.args = ["sh", "-c", "cat <&3; ls /proc/self/fd | wc -l"]'
is "--preserve-fds passes so many" "$(oci run --preserve-fds 1 --bundle "$work/fds" "f$n" 3<"$work/fd" 4<"$work/fd" | tr '\n' ' ')" "passed 5 "
is "without it nothing is passed" "$(bundle fd0 '.process.args = ["sh", "-c", "ls /proc/self/fd | wc -l"]'; oci run --bundle "$work/fd0" "f$n" 3<"$work/fd" 5<"$work/fd")" 4
like "a descriptor that is not there is an error" "$(said oci run --preserve-fds 9 --bundle "$work/fds" "f$n")" 'preserve'
bundle listen '.process.args = ["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID; cat <&3"]'
listen() { LISTEN_FDS=1 timeout 20 sh -c 'LISTEN_PID=$$ exec "$@"' sh "$agentrt" --root "$work/state" --profile oci "$@"; }
is "LISTEN_FDS are passed, to whom they were meant for" "$(listen run --bundle "$work/listen" "l$n" 3<"$work/fd" | tr '\n' ' ')" "1 1 passed "
cat >"$work/console.py" <<-'PY'
	import array, os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	s.bind(sys.argv[1]); s.listen(1)
	open(sys.argv[2], "w").close()
	c, _ = s.accept()
	a = array.array("i")
	msg, anc, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(4))
	for level, kind, data in anc:
	    a.frombytes(data[:4])
	out = b""
	try:
	    while chunk := os.read(a[0], 4096):
	        out += chunk
	except OSError:
	    pass
	sys.stdout.write(out.decode().replace("\r", ""))
PY
console() { # COMMAND...: with --console-socket; prints what came out of the terminal
	rm -f "$work/sock" "$work/up"
	timeout 20 python3 "$work/console.py" "$work/sock" "$work/up" &
	local i
	for i in $(seq 50); do [ -e "$work/up" ] && break; sleep 0.05; done
	"$@" >/dev/null 2>"$work/console.err" </dev/null || cat "$work/console.err"
	wait $!
}
bundle tty2 '.process.terminal = true | .process.args = ["sh", "-c", "tty; sleep 0.2"]'
like "run -d with a console socket: the terminal is handed over" "$(console oci run -d --console-socket "$work/sock" --bundle "$work/tty2" "t2$n")" '^/dev/(pts/0|console)'
oci delete --force "t2$n"
like "exec -t -d with a console socket, too" "$(console oci exec -t -d --console-socket "$work/sock" "d$n" sh -c 'tty; sleep 0.2')" '^/dev/pts/'
bundle tty3 '.process.terminal = true | .process.args = ["sh"]'
is "a shell on a terminal ends where its input does" "$(timeout 10 "$agentrt" --root "$work/state" --profile oci run --bundle "$work/tty3" "te$n" </dev/null >/dev/null 2>&1; echo $?)" 0
is "and does before that what it was told" "$(printf 'echo a >/dev/null; exit 7\n' | timeout 10 "$agentrt" --root "$work/state" --profile oci run --bundle "$work/tty3" "tg$n" >/dev/null 2>&1; echo $?)" 7
bundle tty4 '.process.terminal = true | .process.args = ["sh", "-c", "cat >/tmp/x; wc -c </tmp/x"]'
like "of a last line without its end, too" "$(printf 'two\nlines' | timeout 10 "$agentrt" --root "$work/state" --profile oci run --bundle "$work/tty4" "th$n" 2>&1 | tr -d '\r')" '9$'
like "run in the foreground has the caller's terminal" "$(script -qec "timeout 20 '$agentrt' --root '$work/state' --profile oci run --bundle '$work/tty2' tf$n" /dev/null </dev/null 2>&1 | tr -d '\r\000')" '/dev/(pts/0|console)'

# --- pause, resume, update
ok "pause" oci pause "d$n"
is "state: paused" "$(status_in "d$n")" paused
like "a second pause is refused" "$(said oci pause "d$n")" 'container not running'
like "exec in a paused one is refused" "$(said oci exec "d$n" true)" 'cannot exec in a paused container \(use --ignore-paused to override\)'
ok "resume" oci resume "d$n"
is "state: running again" "$(status_in "d$n")" running
like "a second resume is refused" "$(said oci resume "d$n")" 'container not paused'
limit() { cat /sys/fs/cgroup/memory/*"d$n"/memory.limit_in_bytes /sys/fs/cgroup/*"d$n"/memory.max 2>/dev/null | head -n 1; }
pids() { cat /sys/fs/cgroup/pids/*"d$n"/pids.max /sys/fs/cgroup/*"d$n"/pids.max 2>/dev/null | head -n 1; }
ok "update from standard input" sh -c "echo '{\"memory\":{\"limit\":67108864}}' | '$agentrt' --root '$work/state' update --resources=- d$n"
is "the limit is set" "$(limit)" 67108864
echo '{"memory":{"limit":134217728}}' >"$work/res.json"
ok "update from a file" oci update -r "$work/res.json" "d$n"
is "the limit is set" "$(limit)" 134217728
ok "update from options" oci update --pids-limit 77 --memory 67108864 "d$n"
is "the limits are set" "$(pids) $(limit)" "77 67108864"
is "update of nonsense is refused" "$(echo '{"memory":{"limit":"x"}}' | rt update -r - "d$n" >/dev/null 2>&1; echo $?)" 1
ok "delete --force of a running one" oci delete --force "d$n"
is "nothing is left" "$(left_of "$n")" ""

# --- hooks
hook() { printf '{"path": "/bin/sh", "args": ["sh", "-c", "jq -r .status >>%s/hooklog; echo %s >>%s/hooklog%s"]}' "$work" "$1" "$work" "${2:-}"; }
bundle hooks ".process.args = [\"sleep\", \"600\"] | .hooks = {\"prestart\": [$(hook prestart)], \"createRuntime\": [$(hook createRuntime)], \"poststart\": [$(hook poststart)], \"poststop\": [$(hook poststop)]}"
: >"$work/hooklog"
oci run -d --bundle "$work/hooks" "h$n" >/dev/null 2>&1 </dev/null
oci delete --force "h$n"
is "hooks run in order, with the status of the moment" "$(tr '\n' ' ' <"$work/hooklog")" "creating prestart creating createRuntime running poststart stopped poststop "
bundle badhook ".process.args = [\"sleep\", \"600\"] | .hooks.createRuntime = [$(hook x '; exit 5')]"
is "a failing createRuntime hook fails create" "$(status_of oci create --bundle "$work/badhook" "h$n")" 1
bundle badpost ".process.args = [\"sleep\", \"600\"] | .hooks.poststart = [$(hook x '; exit 5')]"
oci create --bundle "$work/badpost" "h$n" >/dev/null 2>&1 </dev/null
is "a failing poststart hook fails start" "$(status_of oci start "h$n")" 1
is "and destroys the container" "$(status_of oci state "h$n") $(cgroups "h$n")" "1 0"
bundle badstop ".process.args = [\"true\"] | .hooks.poststop = [$(hook x '; exit 5')]"
is "a failing poststop hook does not fail delete" "$(status_of oci run --bundle "$work/badstop" "h$n")" 0
bundle badstop ".process.args = [\"true\"] | .hooks.poststop = [$(hook x '; exit 5'), $(hook poststop)]"
: >"$work/hooklog"
like "but is a warning" "$(said oci --log "$work/warn.log" run --bundle "$work/badstop" "h$n")" \
	"^agentrt: warning: delete container h$n: hooks.poststop\\[0\\]: poststop hook /bin/sh: exit status 5"
like "in a log of text, too" "$(cat "$work/warn.log")" "Z warning: delete container h$n: hooks.poststop\\[0\\]: poststop hook"
is "and the hooks after it run" "$(tail -n 1 "$work/hooklog")" poststop
oci --log "$work/warn.json" --log-format json run --bundle "$work/badstop" "h$n" >/dev/null 2>&1 </dev/null
is "a log in JSON, which engines read, has errors only" "$(wc -c <"$work/warn.json")" 0

# --- a created container is deleted, and an interrupted one
oci create --bundle "$work/life" "cr$n" >/dev/null 2>&1 </dev/null
ok "delete of a created one" oci delete "cr$n"
mkdir -p "$work/state/dead$n"
is "a create that died is shown as stopped" "$(status_in "dead$n")" stopped
ok "and is deleted" oci delete "dead$n"
mkdir -p "$work/state/torn$n" && echo '{"version":1,"id":' >"$work/state/torn$n/state.json"
like "a torn state says so" "$(said oci state "torn$n")" 'state\.json'
rm -r "$work/state/torn$n"

# --- profiles: who may write them, and which one rules an existing container
echo '{"name": "mine", "version": 1, "extends": "oci"}' >"$work/profiles/mine.json"
is "a profile of one's own" "$(bundle m '.process.args = ["echo", "ok"]'; rt --profile mine run --bundle "$work/m" "m$n")" ok
chmod 666 "$work/profiles/mine.json"
like "one that others may write is refused" "$(said rt --profile mine run --bundle "$work/m" "m$n")" 'writable by root alone'
chmod 644 "$work/profiles/mine.json" && chown 1000 "$work/profiles/mine.json"
like "one that belongs to another is refused" "$(said rt --profile mine run --bundle "$work/m" "m$n")" 'must belong to root'
rm "$work/profiles/mine.json"
cp -s "$agentrt" "$work/agentrt-oci"
is "the program name agentrt-oci is the profile oci" "$("$work/agentrt-oci" --root "$work/state" run --bundle "$work/m" "m$n")" ok

# --- the agent profile: delete takes away what only it makes
bundle ag "$stay"
rt run -d --bundle "$work/ag" "ag$n" >"$work/ag.out" 2>&1 </dev/null
is "an agent container runs" "$(status_in "ag$n")" running
proxy=$(jq .egressPid "$work/state/ag$n/state.json")
ok "its proxy is alive" test -d "/proc/$proxy"
like "an id range is reserved" "$(cat /run/agentrt/.ids)" " ag$n $work/state\$"
ok "update" rt update --pids-limit -1 "ag$n"
is "cannot lift the profile's limit of processes" "$(cat /sys/fs/cgroup/pids/*"ag$n"/pids.max /sys/fs/cgroup/*"ag$n"/pids.max 2>/dev/null | head -n 1)" 4096
is "exec obeys the profile of create" "$(rt --profile oci exec -e GH_TOKEN=x "ag$n" env 2>/dev/null | grep -c TOKEN)" 0
ok "delete --force" rt delete --force "ag$n"
unlike "the proxy is gone" "$(grep State "/proc/$proxy/status" 2>/dev/null)" '[RSD] \('  # a zombie is its parent's affair
unlike "the id range is free" "$(cat /run/agentrt/.ids)" " ag$n "
is "no upper directory is left" "$(find /var/lib/agentrt -name "*ag$n.*" 2>/dev/null | wc -l)" 0
is "no cgroup is left" "$(cgroups "ag$n")" 0

# --- what a container that nobody deleted has left is swept by the next create
rt create --bundle "$work/ag" "lost$n" >/dev/null 2>&1 </dev/null
kill -9 "$(rt state "lost$n" | jq .pid)"
rm -r "$work/state/lost$n"
like "an upper directory is left" "$(ls /var/lib/agentrt)" "^lost$n"
rt run -d --bundle "$work/ag" "next$n" >/dev/null 2>&1 </dev/null
unlike "and swept" "$(ls /var/lib/agentrt)" "^lost$n"
like "that of a living container is not" "$(ls /var/lib/agentrt)" "^next$n"

# --- where this boot has no id, every container would look like one of another boot, dead
unbooted() { unshare -m sh -c 'mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec "$@"' sh "$agentrt" --root "$work/state" "$@" </dev/null 2>&1; }
for c in list "state next$n" "delete --force next$n" "create --bundle $work/ag more$n"; do
	like "no boot id: ${c%% *} is refused" "$(unbooted $c)" '^agentrt: /proc/sys/kernel/random/boot_id has no boot id'
done
like "the reservation of the one that lives is kept" "$(cat /run/agentrt/.ids)" " next$n $work/state\$"
like "and its upper directory" "$(ls /var/lib/agentrt)" "^next$n"
is "and it runs" "$(status_in "next$n")" running
rt delete --force "next$n"
left_cgroups "lost$n" | xargs rmdir

# --- explain
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR "$@"; }
mkdir "$work/nobodys" && chown 65534:65534 "$work/nobodys" # a user's container has a root of the user's
BUNDLE_ROOT=$work/nobodys bundle nob .
chmod 755 "$work" "$work/nob" && chmod 644 "$work/nob/config.json"
like "explain needs no root" "$(nobody "$agentrt" explain --bundle "$work/nob")" 'overlay|root'
is "explain as JSON" "$(nobody "$agentrt" explain --bundle "$work/nob" --json | jq -r .profile)" agent
is "explain --facts" "$(nobody "$agentrt" explain --bundle "$work/nob" --facts | jq -r type)" object
is "explain leaves nothing" "$(find "$work/state" -mindepth 1 | wc -l)" 0
tap_done
