#!/usr/bin/env bash
# commands.sh - what commands and options may carry beyond the life of a container (cli.sh): the whole
# of exec --process, every option of update, events, help, the man page.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
work=$(mktemp -d /tmp/agentrt-commands.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
n=m-$$
oci() { rt --profile oci "$@"; }
said() { "$@" 2>&1 >/dev/null </dev/null; } # what it says on standard error
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
up() { # ID [JQ-FILTER]: a detached container that sleeps
	bundle "$1" "${2:-.} | .process.args = [\"sleep\", \"600\"]" &&
		oci run --detach --bundle "$work/$1" "$1" >"$work/$1.out" 2>&1 </dev/null
}
value() { sed -n "s|^$1[=:]||p" <<<"$out" | tr -d '\t'; } # of the last output's "name=value" lines

# --- exec --process: everything that a process may carry
up "$n" '.linux.resources.memory.limit = 67108864'
cat >"$work/full.json" <<-'JSON'
	{"args": ["sh", "-c", "echo ids=$(id -u):$(id -g):$(id -G); echo umask=$(umask); echo files=$(ulimit -Sn):$(ulimit -Hn); echo oom=$(cat /proc/self/oom_score_adj); echo nice=$(cut -d' ' -f19 /proc/self/stat); echo policy=$(cut -d' ' -f41 /proc/self/stat); grep -E '^(Cap|NoNew|Cpus_allowed_list)' /proc/self/status; echo env=$A; echo home=$HOME; echo cwd=$(pwd); echo io=$(ionice -p $$)"],
	 "env": ["A=b", "PATH=/bin"], "cwd": "/tmp", "user": {"uid": 5, "gid": 6, "umask": 7, "additionalGids": [8, 9]},
	 "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}], "oomScoreAdj": 55, "noNewPrivileges": true,
	 "capabilities": {"bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"], "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]},
	 "scheduler": {"policy": "SCHED_BATCH", "nice": 7}, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6},
	 "execCPUAffinity": {"initial": "0", "final": "0"}}
JSON
out=$(oci exec --process "$work/full.json" "$n")
is "exec --process: ids and groups" "$(value ids)" "5:6:6 8 9"
is "umask" "$(value umask)" 0007
is "resource limits" "$(value files)" 33:44
is "out-of-memory score" "$(value oom)" 55
is "scheduling" "$(value nice):$(value policy)" 7:3
is "I/O priority" "$(value io)" "best-effort: prio 6"
for set in Inh Prm Eff Bnd Amb; do is "capabilities: $set" "$(value Cap$set)" 0000000000000001; done
is "no_new_privs" "$(value NoNewPrivs)" 1
is "processors" "$(value Cpus_allowed_list)" 0
is "environment and directory" "$(value env) $(value cwd)" "b /tmp"
is "an unknown user's HOME" "$(value home)" /
bad() { jq "$1" "$work/full.json" >"$work/bad.json"; said oci exec --process "$work/bad.json" "$n"; }
like "a terminal that nobody would hold is refused" "$(jq '.terminal = true' "$work/full.json" >"$work/t.json"; said oci exec -d -p "$work/t.json" "$n")" '--console-socket is needed'
like "a wrong type has its place" "$(bad '.user.uid = "five"')" 'bad\.json:[0-9]+:[0-9]+: user\.uid: '
like "no program" "$(bad '.args = []')" 'process.args must not be empty'
like "a relative directory" "$(bad '.cwd = "tmp"')" 'process\.cwd "tmp" must be absolute'
like "an unknown limit" "$(bad '.rlimits[0].type = "RLIMIT_X"')" 'RLIMIT_X'
like "a limit twice" "$(bad '.rlimits += .rlimits')" 'rlimits'
like "an unknown policy" "$(bad '.scheduler.policy = "SCHED_X"')" 'SCHED_X'
like "a file that is not there" "$(said oci exec -p "$work/none.json" "$n")" 'none\.json: no such file'
oci exec -d --pid-file "$work/sub/pid" "$n" sleep 5 2>"$work/err"
is "a pid file that cannot be written is an error" "$?" 255
like "and says so" "$(cat "$work/err")" "pid file: open directory $work/sub/: no such file"
cat >"$work/pidfd.py" <<-'PY'
	import os, socket, subprocess, sys
	path, *command = sys.argv[1:]
	s = socket.socket(socket.AF_UNIX)
	s.bind(path); s.listen(1)
	subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
	               stderr=subprocess.DEVNULL)
	c, _ = s.accept()
	msg, fds, _, _ = socket.recv_fds(c, 100, 1)
	for line in open("/proc/self/fdinfo/%d" % fds[0]):
	    if line.startswith("Pid:"):
	        print(line.split()[1])
PY
pidfd() { rm -f "$work/pf"; timeout 20 python3 "$work/pidfd.py" "$work/pf" "$agentrt" --root "$work/state" --profile oci "$@" 2>&1; }
is "exec --pidfd-socket: the pidfd of the process" "$(pidfd exec -d --pidfd-socket "$work/pf" --pid-file "$work/pid" "$n" sleep 5)" "$(cat "$work/pid")"
bundle first '.process.args = ["sleep", "5"]'
is "create --pidfd-socket: that of the first process" "$(pidfd create --pidfd-socket "$work/pf" --pid-file "$work/pid" --bundle "$work/first" "first$n")" "$(cat "$work/pid")"
oci delete --force "first$n"

# --- NOTIFY_SOCKET: READY=1 and nothing else reaches the caller's service manager
cat >"$work/manager.py" <<-'PY'
	import os, socket, sys
	path, *command = sys.argv[1:]
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(path); s.settimeout(15)
	pid = os.posix_spawn(command[0], command, dict(os.environ, NOTIFY_SOCKET=path))
	try:
	    print(repr(s.recv(1000).decode()))
	    s.settimeout(0.5)
	    print(repr(s.recv(1000).decode()))
	except TimeoutError:
	    print("no more")
	print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
managed() { rm -f "$work/manager"; timeout 30 python3 "$work/manager.py" "$work/manager" "$agentrt" --root "$work/state" "$@" </dev/null 2>"$work/err"; }
# busybox has no client for a datagram socket with a name: python's, from the host's files, would not run
cat >"$work/say.c" <<-'C'
	#include <string.h>
	#include <stdlib.h>
	#include <unistd.h>
	#include <sys/socket.h>
	#include <sys/un.h>
	int main(int argc, char **argv)
	{
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		int s = socket(AF_UNIX, SOCK_DGRAM, 0);
		strncpy(a.sun_path, getenv("NOTIFY_SOCKET"), sizeof(a.sun_path) - 1);
		for (int i = 1; i < argc; i++)
			if (sendto(s, argv[i], strlen(argv[i]), 0, (void *)&a, sizeof(a)) < 0)
				return 1;
		sleep(1);
		return 3;
	}
C
if musl-gcc -static -o "$work/rootfs/bin/say" "$work/say.c" 2>/dev/null || gcc -static -o "$work/rootfs/bin/say" "$work/say.c" 2>/dev/null; then
	bundle say '.process.args = ["/bin/say", "STATUS=x", "MAINPID=1", "STATUS=y\nREADY=1", "STOPPING=1"]'
	out=$(managed --profile oci run --bundle "$work/say" "say$n")
	like "run passes READY=1 on, with the pid of the container" "$(head -n 1 <<<"$out")" "^'MAINPID=[0-9]{2,}.nREADY=1.n'\$"
	is "and nothing else" "$(sed -n 2p <<<"$out")" "no more"
	is "and ends with the program's status" "$(sed -n 3p <<<"$out")" "status 3"
	out=$(managed --profile oci run -d --pid-file "$work/say.pid" --bundle "$work/say" "say$n")
	like "run -d waits for it" "$out" "^'MAINPID=$(cat "$work/say.pid")"
	oci delete --force "say$n"
	oci create --bundle "$work/say" "say$n" </dev/null >/dev/null 2>&1
	is "a container that was created without it gets none" "$(managed start "say$n" | grep -c READY)" 0
	oci delete --force "say$n"
else
	skip "what a container says to its NOTIFY_SOCKET" "no compiler here"
fi
bundle quiet '.process.args = ["true"]'
is "a container that ends without a word is no reason to wait" "$(NOTIFY_SOCKET=/nowhere status_of oci run -d --bundle "$work/quiet" "say$n")" 0
oci delete --force "say$n"
bundle var '.process.args = ["sh", "-c", "echo $NOTIFY_SOCKET; ls -ld /run/notify"]'
like "the manager's own socket stays outside" "$(NOTIFY_SOCKET=/run/systemd/notify oci run --bundle "$work/var" "say$n" </dev/null)" '^/run/notify/notify.sock$'
is "under the agent profile there is none" "$(NOTIFY_SOCKET=/run/systemd/notify rt run --bundle "$work/var" "say$n" 2>/dev/null </dev/null | head -n 1)" ""

# --- a foreground run does not keep others out
bundle fore '.process.args = ["sleep", "600"]'
timeout 60 "$agentrt" --root "$work/state" --profile oci run --bundle "$work/fore" "fore$n" </dev/null >/dev/null 2>&1 &
for ((i = 0; i < 50; i++)); do [ "$(oci state "fore$n" 2>/dev/null | jq -r .status)" = running ] && break; sleep 0.1; done
is "pause, resume and update of a container that runs in the foreground" "$(RT_TIMEOUT=5; status_of oci pause "fore$n"; status_of oci resume "fore$n"; status_of oci update --pids-limit 99 "fore$n")" "$(printf '0\n0\n0')"
is "and delete --force" "$(RT_TIMEOUT=5 status_of oci delete --force "fore$n")" 0
wait $!
is "which run takes for the signal that it was" "$?" 137

# --- update: every option, and what cannot be had is refused
cg() { cat /sys/fs/cgroup/*/*"$n"/"$1" /sys/fs/cgroup/*"$n"/"${2:-$1}" 2>/dev/null | head -n 1; }
set_to() { # OPTION V1-FILE V2-FILE VALUE-AS-REGEX
	local why
	[ -n "$(cg "$2" "$3")" ] || { skip "update $1" "no $2 here"; return; }
	why=$(oci update "$1" "$n" 2>&1) || { tap_result "update $1" 1 "$why"; return; }
	like "update $1" "$(cg "$2" "$3")" "$4"
}
set_to --cpu-share=512 cpu.shares cpu.weight '^(512|59)$'
set_to --cpu-period=50000 cpu.cfs_period_us cpu.max '50000$'
set_to --cpu-quota=20000 cpu.cfs_quota_us cpu.max '^20000'
set_to --cpu-burst=1000 cpu.cfs_burst_us cpu.max.burst '^1000$'
set_to --cpu-quota=-1 cpu.cfs_quota_us cpu.max '^(-1|max)'
set_to --cpuset-cpus=0 cpuset.cpus cpuset.cpus '^0$'
set_to --cpuset-mems=0 cpuset.mems cpuset.mems '^0$'
set_to --memory=100663296 memory.limit_in_bytes memory.max '^100663296$'
set_to --memory-reservation=33554432 memory.soft_limit_in_bytes memory.low '^33554432$'
# v2 keeps swap apart from memory: what both make together means nothing without the limit of memory
if [ -z "$(cg memory.swap.max)" ]; then
	set_to --memory-swap=201326592 memory.memsw.limit_in_bytes none '^201326592$'
else
	like "update --memory-swap alone is refused" "$(said oci update --memory-swap=201326592 "$n")" 'memory plus swap.* memory\.limit, which must be there'
	is "update --memory-swap with --memory" "$(status_of oci update --memory=100663296 --memory-swap=201326592 "$n") $(cg memory.swap.max)" "0 100663296"
fi
set_to --pids-limit=44 pids.max pids.max '^44$'
set_to --pids-limit=-1 pids.max pids.max '^max$'
set_to --cpu-idle=1 cpu.idle cpu.idle '^1$'
set_to --cpu-idle=0 cpu.idle cpu.idle '^0$'
is "update takes several at once" "$(status_of oci update --memory 67108864 --pids-limit=33 --cpu-share 256 "$n") $(cg memory.limit_in_bytes memory.max) $(cg pids.max)" "0 67108864 33"
is "kernel memory limits are accepted and ignored" "$(status_of oci update --kernel-memory 1 --kernel-memory-tcp 1 "$n")" 0
for o in --l3-cache-schema=x --mem-bw-schema=x; do like "update $o is refused" "$(said oci update $o "$n")" "^agentrt: ${o%=x} is not supported\$"; done
for o in --memory=1g --pids-limit=x --cpu-share=-1 --cpu-period=18446744073709551616; do like "update $o is refused" "$(said oci update "$o" "$n")" 'is not a number in range$'; done
like "update of text that ends early has its place" "$(echo '{"memory": ' | rt update -r - "$n" 2>&1)" 'standard input:[0-9]+:[0-9]+: '
like "update of nothing, too" "$(said oci update -r - "$n")" 'standard input:'

# --- events: figures at intervals, memory that was lacking, the end
up "ev$n"
oci events --interval 300ms "ev$n" >"$work/events" 2>"$work/events.err" &
watcher=$!
sleep 1
oci kill "ev$n" KILL
for ((i = 0; i < 50; i++)); do kill -0 $watcher 2>/dev/null || break; sleep 0.1; done
is "events ends with the container" "$(kill -0 $watcher 2>&1 | grep -c 'No such process')" 1
ok "with a line each interval" test "$(wc -l <"$work/events")" -ge 3
is "of stats" "$(jq -r '.type + " " + .id' "$work/events" | sort -u)" "stats ev$n"
like "events of a stopped one" "$(said oci events "ev$n")" 'container not running'
oci delete --force "ev$n"
bundle hungry '.linux.resources.memory = {"limit": 8388608, "swap": 8388608} | .process.args = ["sh", "-c", "sleep 1; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 1"]'
oci run -d --bundle "$work/hungry" "oom$n" </dev/null >/dev/null 2>&1
is "events tells of a kill for want of memory" "$(timeout 20 "$agentrt" --root "$work/state" events --interval 1m "oom$n" | jq -c 'select(.type == "oom")')" "{\"type\":\"oom\",\"id\":\"oom$n\"}"
oci delete --force "oom$n"
for i in 0 0s x 5x 25h -1 ''; do like "an interval of '$i' is refused" "$(said oci events "--interval=$i" "$n")" 'must be a duration'; done

# --- ps and list
is "ps --format json with arguments is still JSON" "$(oci ps --format json "$n" -ef | jq -c type)" '"array"'
like "ps without a PID column says so" "$(said oci ps "$n" -o comm)" 'no PID column'
like "a format that there is not" "$(said oci ps --format xml "$n"; said oci list --format xml)" 'must be table or json'
is "an empty list is an empty array" "$(rt --root "$work/none" list --format json | tr -d '\n')" "[]"

# --- global options that engines send
for g in "--rootless=true" "--rootless false" "--rootless auto" --systemd-cgroup "--cgroup-manager systemd" "--criu /usr/sbin/criu" "--log-format=json"; do
	is "$g: existing containers are found all the same" "$(oci $g state "$n" | jq -r .status)" running
done
like "--rootless maybe is refused" "$(said oci --rootless maybe list)" 'must be true, false or auto'
is "kill -a, and a second time" "$(status_of oci kill -a "$n" 9) $(status_of oci kill --all "$n" KILL)" "0 0"
oci delete --force "$n"

# --- help, man page and completion know every command and option
commands=$("$agentrt" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
man=$here/../man/agentrt.8
missing=
for c in $commands; do
	grep -q "agentrt $c" "$man" || missing+=" $c"
	for o in $("$agentrt" "$c" --help 2>/dev/null | sed -n '/^options:/,$p' | grep -oE -- '--[a-z0-9][a-z0-9-]+' | sort -u); do
		[ "$o" = --help ] || grep -qe "$o" "$man" || missing+=" $c:$o"
	done
done
for o in $("$agentrt" --help | sed -n '/^global options:/,$p' | grep -oE -- '^ .*--[a-z][a-z-]+' | grep -oE -- '--[a-z][a-z-]+'); do grep -qe "$o" "$man" || missing+=" $o"; done
is "the man page has every command and option" "$missing" ""
is "help COMMAND is COMMAND --help" "$("$agentrt" help create)" "$("$agentrt" create --help)"
like "help of what there is not" "$(said "$agentrt" help creat)" 'unknown command creat '
for c in checkpoint restore; do is "help $c fails, too" "$(status_of "$agentrt" help $c) $(said "$agentrt" $c --help)" "1 agentrt: checkpoint and restore are not supported"; done
completes() { # WORD...: what is proposed for the last one
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _agentrt; echo "${COMPREPLY[*]}"' bash "$here/../contrib/completion/agentrt.bash" "$@"
}
is "completion: commands" "$(completes "$agentrt" cre)" create
like "completion: options of a command" "$(completes "$agentrt" exec --pid)" '--pid-file --pidfd-socket'
like "completion: global options" "$(completes "$agentrt" --log)" '--log --log-format'
is "nothing is left" "$(left_of "-$$")" ""
tap_done
