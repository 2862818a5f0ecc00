#!/usr/bin/env bash
# exec.sh - processes, phases and identity: what the executor promises, for both profiles.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-exec.XXXXXX)
pids=()
cleanup() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	bundle_cleanup
}
trap cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
echo 'u:x:1001:1001::/home/u:/bin/sh' >>"$work/rootfs/etc/passwd"
mkdir -m 1777 "$work/open" && chmod 755 "$work"
n=0
# box PROFILE [JQ-FILTER] SCRIPT: as in_box, with stderr, without what the profile took away
box() { in_box -p "$@" 2>&1 | grep -v '^agentrt: profile'; }
# A container that waits or sleeps: its id in $id, its pid in $pid
start_box() { # PROFILE [JQ-FILTER] [create only]
	n=$((n + 1)) id=x$n-$$
	bundle "$id" "${2:-.} | .process.args = [\"sleep\", \"1000\"]"
	rt --profile "$1" create --bundle "$work/$id" --pid-file "$work/$id.pid" "$id" </dev/null >/dev/null || return 1
	pid=$(cat "$work/$id.pid")
	[ -n "${3:-}" ] || rt start "$id"
}
ns() { readlink "/proc/$1/ns/$2"; }

for p in oci agent; do
	# --- the program
	is "$p: a program that is not there is an error with the engines' words" "$(bundle e1 '.process.args = ["nope"]'; rt --profile $p create --bundle "$work/e1" "e1-$$" 2>&1)" \
		'agentrt: exec: "nope": executable file not found in $PATH'
	is "$p: and by path" "$(bundle e1 '.process.args = ["/nope"]'; rt --profile $p create --bundle "$work/e1" "e1-$$" 2>&1)" \
		'agentrt: exec: "/nope": stat /nope: no such file or directory'
	is "$p: a file without permission" "$(bundle e1 '.process.args = ["/etc/passwd"]'; rt --profile $p create --bundle "$work/e1" "e1-$$" 2>&1)" \
		'agentrt: exec: "/etc/passwd": permission denied'
	is "$p: a directory" "$(bundle e1 '.process.args = ["/etc"]'; rt --profile $p create --bundle "$work/e1" "e1-$$" 2>&1)" \
		'agentrt: exec: "/etc": is a directory: permission denied'
	not_ok_cmd "$p: none of them exists afterwards" rt state "e1-$$"
	printf 'not a program' >"$work/rootfs/bin/broken" && chmod 755 "$work/rootfs/bin/broken"
	like "$p: what the kernel will not execute is an error of start" "$(bundle e1 '.process.args = ["broken"]'; rt --profile $p run --bundle "$work/e1" "e1-$$" 2>&1)" \
		'exec /bin/broken: exec format error$'
	(cd "$work" && in_box -p $p 'exit 42' >/dev/null 2>&1)
	is "$p: the exit status is the program's" $? 42
	in_box -p $p 'sh -c "kill -9 \$\$"; exit $?' >/dev/null 2>&1
	is "$p: a signal is 128 and its number" $? 137

	# --- the working directory
	is "$p: a working directory is made" "$(box $p '.process.cwd = "/a/b"' pwd | tail -1)" /a/b
	like "$p: one that is a file is refused" "$(box $p '.process.cwd = "/etc/passwd"' pwd)" 'chdir to cwd \("/etc/passwd"\).*not a directory'
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		unlike "$p: no descriptor of ours leads out as /proc/self/fd/$fd" "$(box $p ".process.cwd = \"/proc/self/fd/$fd\"" 'pwd; ls')" '^/|rootfs'
	done

	# --- what is inherited, and what is not
	is "$p: no descriptor beyond the third" "$(exec 7<"$work" 8</etc/shadow; box $p 'for f in /proc/self/fd/*; do readlink $f; done | grep -c -e shadow -e agentrt -e socket' | tail -1)" 0
	is "$p: a descriptor is preserved when asked" "$(exec 3<<<kept; bundle p1 '.process.args = ["sh", "-c", "cat <&3; ls /proc/self/fd | wc -l"]'; rt --profile $p run --preserve-fds 1 --bundle "$work/p1" "p1-$$" 2>/dev/null | tr '\n' ' ')" 'kept 5 '
	like "$p: one that was not passed in is an error" "$(bundle p1 '.process.args = ["true"]'; rt --profile $p create --preserve-fds 3 --bundle "$work/p1" "p1-$$" 2>&1)" 'descriptor [345] was to be preserved but was not passed in'
	like "$p: a descriptor of the runtime itself is not one" "$(bundle p1 '.process.args = ["true"]'; rt --log "$work/log" --profile $p run --preserve-fds 1 --bundle "$work/p1" "p1-$$" 2>&1)" 'descriptor 3 was to be preserved but was not passed in'
	is "$p: LISTEN_FDS is passed on with the pid inside" "$(bundle p1 '.process.args = ["sh", "-c", "cat <&3; echo $LISTEN_FDS $LISTEN_PID $$"]'; \
		bash -c "exec 3<<<sock; export LISTEN_FDS=1 LISTEN_PID=\$\$; exec '$agentrt' --root '$work/state' --profile $p run --bundle '$work/p1' p1-$$" 2>/dev/null | tr '\n' ' ')" 'sock 1 1 1 '
	is "$p: LISTEN_FDS of another process is not" "$(bundle p1 '.process.args = ["sh", "-c", "echo x${LISTEN_FDS:-}"]'; LISTEN_FDS=1 LISTEN_PID=1 rt --profile $p run --bundle "$work/p1" "p1-$$" 2>/dev/null)" x
	is "$p: ignored and blocked signals are not inherited" "$(trap '' USR1 HUP; bundle p1 '.process.args = ["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"]'; rt --profile $p run --bundle "$work/p1" "p1-$$" 2>/dev/null | awk '{print $2}' | sort -u)" 0000000000000000
	is "$p: nor the runtime's processors" "$(grep Cpus_allowed_list /proc/1/status)" "$(taskset -c 0 "$agentrt" --version >/dev/null && taskset -c 0 bash -c "$(declare -f in_box bundle rt box); work=$work agentrt=$agentrt box_n=900; BASH_SOURCE=; . '$here/lib/bundle.sh'; box $p 'grep Cpus_allowed_list /proc/self/status'" | tail -1)"
	is "$p: nor the environment" "$(SECRET_MARK=1 box $p 'env | grep -c SECRET_MARK' | tail -1)" 0

	# --- identity
	id_filter='.process.user = {"uid": 1001, "gid": 1001, "additionalGids": [5, 6], "umask": 63}'
	is "$p: user, groups, umask, home" "$(box $p "$id_filter" 'id -u; id -g; id -G; umask; echo $HOME' | tail -5 | tr '\n' ' ')" '1001 1001 1001 5 6 0077 /home/u '
	is "$p: an unknown user's home is /" "$(box $p '.process.user = {"uid": 4242, "gid": 0}' 'echo $HOME' | tail -1)" /
	is "$p: a HOME that is set stays" "$(box $p '.process.env += ["HOME=/elsewhere"]' 'echo $HOME' | tail -1)" /elsewhere
	is "$p: a user without capabilities has none" "$(box $p "$id_filter" 'grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/self/status' | awk '{print $2}' | sort -u | tail -1)" 0000000000000000
	amb='.process.user.uid = 1000 | .process.capabilities = {"bounding": ["CAP_NET_BIND_SERVICE"], "permitted": ["CAP_NET_BIND_SERVICE"], "effective": ["CAP_NET_BIND_SERVICE"], "inheritable": ["CAP_NET_BIND_SERVICE"], "ambient": ["CAP_NET_BIND_SERVICE"]}'
	[ $p = oci ] && is "$p: an ambient capability arrives" "$(box $p "$amb" 'grep CapEff /proc/self/status' | awk '{print $2}' | tail -1)" 0000000000000400
	is "$p: no_new_privs" "$(box $p '.process.noNewPrivileges = true' 'grep NoNewPrivs /proc/self/status' | awk '{print $2}' | tail -1)" 1
	lim='.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
	is "$p: limits" "$(box $p "$lim" 'ulimit -Sn; ulimit -Hn; ulimit -c' | tail -3 | tr '\n' ' ')" '100 200 0 '
	is "$p: limits of another user" "$(box $p "$lim | $id_filter" 'ulimit -Sn; ulimit -Hn' | tail -2 | tr '\n' ' ')" '100 200 '
	is "$p: out-of-memory score" "$(box $p '.process.oomScoreAdj = 321' 'cat /proc/self/oom_score_adj' | tail -1)" 321
	is "$p: nice" "$(box $p '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}' 'cut -d" " -f19 /proc/self/stat' | tail -1)" 5
	is "$p: host and domain name" "$(box $p '.hostname = "hn" | .domainname = "dn"' 'hostname; cat /proc/sys/kernel/domainname' | tail -2 | tr '\n' ' ')" 'hn dn '
	is "$p: it leads a session of its own" "$(box $p 'cut -d" " -f6 /proc/1/stat' | tail -1)" 1

	# --- stdio that was a pipe can be opened again by the program's user
	is "$p: /dev/stdout can be opened by root" "$(box $p 'echo again >/dev/stdout' | cat | tail -1)" again
	is "$p: /dev/stdout can be opened by a user" "$(box $p "$id_filter" 'echo again >/dev/stdout' | cat | tail -1)" again

	# --- hooks
	hook() { printf '{"path": "/bin/sh", "args": ["sh", "-c", %s]}' "$(json_string "$1")"; }
	h=".hooks = {\"prestart\": [$(hook "cat >$work/h1")], \"createRuntime\": [$(hook "cat >$work/h2")], \"createContainer\": [$(hook "cat >$work/open/h3; id -u >>$work/open/h3")], \"startContainer\": [$(hook 'cat >/h4; grep NoNew /proc/self/status >>/h4; readlink /proc/self/ns/net >>/h4')], \"poststart\": [$(hook "cat >$work/h5")], \"poststop\": [$(hook "cat >$work/h6")]}"
	out=$(box $p "$h | .annotations = {\"a/b\": \"c/d\"}" 'cat /h4; readlink /proc/self/ns/net')
	like "$p: prestart has the state and a pid of the host" "$(cat "$work/h1")" '^\{"ociVersion":"[0-9.]+","id":"[^"]+","status":"creating","pid":[0-9]{2,},"bundle":"[^"\]+","annotations":\{"a/b":"c/d"\}\}$'
	like "$p: createRuntime, too" "$(cat "$work/h2")" '"status":"creating","pid":[0-9]{2,}'
	like "$p: createContainer runs in its namespaces, before its root" "$(tr '\n' ' ' <"$work/open/h3")" '"status":"creating","pid":1,.*\}0 $'
	rm -f "$work/open/h3"
	like "$p: startContainer runs inside, with the pid there" "$out" '"status":"created","pid":1,'
	is "$p: and in the program's network namespace" "$(grep -c '^net:' <<<"$out") $(grep '^net:' <<<"$out" | sort -u | wc -l)" '2 1'
	like "$p: poststart says running, poststop stopped" "$(cat "$work/h5" "$work/h6")" '"status":"running".*"status":"stopped"'
	for kind in prestart createRuntime createContainer startContainer; do
		err=$(box $p ".hooks = {\"$kind\": [$(hook 'echo from the hook; exit 3')]}" true)
		like "$p: a $kind hook that fails is an error with what it printed" "$err" "$kind hook /bin/sh: exit status 3; it printed: from the hook"
	done
	before=$(date +%s)
	like "$p: a hook that takes too long is killed" "$(box $p ".hooks = {\"createRuntime\": [$(hook "sleep 77.$$" | jq -c '.timeout = 1')]}" true)" 'no end within 1 s, killed'
	ok "$p: in time" test $(($(date +%s) - before)) -lt 15
	ok "$p: with all it started" sh -c "! pgrep -fx 'sleep 77\.$$'"

	# --- created, started, joined
	start_box $p . created
	is "$p: the pid file is a bare number" "$(od -An -c "$work/$id.pid" | grep -c '\\n')" 0
	is "$p: the waiting process holds the gate and nothing of the host" "$(for t in /proc/"$pid"/task/*; do for f in "$t"/fd/*; do [ "${f##*/}" -gt 2 ] && readlink "$f"; done; done | grep -v -e eventfd -e "$work/state/$id/gate" -e "$work/state/$id/result")" ""
	waits=$(cat /proc/"$pid"/task/*/status | grep -E 'CapPrm' | awk '{print $2}' | sort -u | tr '\n' ' ')
	is "$p: every thread is behind the filters" "$(cat /proc/"$pid"/task/*/status | grep '^Seccomp:' | sort -u | wc -l)" 1
	is "$p: nobody may trace it" "$(stat -c %U "/proc/$pid/maps")" root
	if [ $p = agent ]; then
		like "agent: exec waits for start, for the engine's namespace is still the process's" "$(rt exec "$id" true 2>&1)" 'not started'
		mv "$work/state/$id/gate" "$work/gate" # as after a start that was killed
		like "agent: a process in another network than the state says is not joined" "$(rt exec "$id" true 2>&1)" 'another namespace by now'
		mv "$work/gate" "$work/state/$id/gate"
	else
		is "oci: exec in a created container" "$(rt exec "$id" echo in 2>&1)" in
	fi
	e=$(ns "$pid" net)
	ok "$p: start" rt start "$id"
	a=$(ns "$pid" net)
	if [ $p = agent ]; then
		unlike "agent: before start the pid shows the engine's namespace" "$e" "^$(ns self net | sed 's/[][]/\\&/g')\$"
		unlike "agent: afterwards the agent's" "$a" "^$(sed 's/[][]/\\&/g' <<<"$e")\$"
	else
		is "oci: one network namespace before and after" "$e" "$a"
	fi
	is "$p: one thread runs" "$(ls "/proc/$pid/task" | wc -l)" 1
	is "$p: a second start is refused" "$(rt start "$id" 2>&1)" "agentrt: cannot start an already running container"
	is "$p: exec enters every namespace of it" "$(rt exec "$id" sh -c 'for n in net mnt pid ipc uts user cgroup; do readlink /proc/self/ns/$n; done' | tr '\n' ' ')" \
		"$(for k in net mnt pid ipc uts user cgroup; do ns "$pid" $k; done | tr '\n' ' ')"
	is "$p: and its cgroups" "$(rt exec "$id" cat /proc/self/cgroup)" "$(rt exec "$id" cat /proc/1/cgroup)"
	prog=$(awk '/CapPrm/ {print $2}' "/proc/$pid/status")
	is "$p: no thread that waited held a capability that the program lacks" "$waits" "$([ $p = oci ] || echo '0000000000000000 ')$prog "
	is "$p: with its confinement" "$(rt exec "$id" grep -E '^(Cap|NoNew|Secc)' /proc/self/status)" "$(rt exec "$id" grep -E '^(Cap|NoNew|Secc)' /proc/1/status)"
	is "$p: without a descriptor of the host" "$(exec 9</etc/shadow; rt exec "$id" sh -c 'for f in /proc/self/fd/*; do readlink $f; done | grep -c shadow')" 0
	rt exec "$id" sh -c 'exit 9'
	is "$p: exec returns the status" $? 9
	rt exec "$id" nope 2>"$work/err"
	is "$p: exec that cannot run is 255" $? 255
	is "$p: with the words" "$(cat "$work/err")" 'agentrt: exec: "nope": executable file not found in $PATH'
	is "$p: a user, a directory" "$(rt exec --user 1001:1001 --cwd /tmp "$id" sh -c 'id -u; pwd; echo $HOME' | tr '\n' ' ')" '1001 /tmp /home/u '
	ok "$p: short execs one after the other" bash -c "$(declare -f rt); work=$work agentrt=$agentrt; for i in {1..25}; do rt exec $id true || exit 1; done"
	rt exec --detach --pid-file "$work/ep" "$id" sleep 500
	is "$p: a detached exec's pid is its" "$(tr '\0' ' ' <"/proc/$(cat "$work/ep")/cmdline")" 'sleep 500 '
	out=$(exec 2>&1; timeout 10 "$agentrt" --root "$work/state" exec "$id" sh -c 'trap "echo got; exit 4" TERM; echo up; while :; do sleep 0.1; done' & bg=$!; sleep 1; kill -TERM $(pgrep -P $bg | head -1); wait $bg; echo "rc $?")
	is "$p: signals reach the program" "$(tail -2 <<<"$out" | tr '\n' ' ')" 'got rc 4 '
	ok "$p: delete --force" rt delete --force "$id"

	# --- the runtime's own program
	if [ $p = oci ]; then
		cp "$agentrt" "$work/runtime" # a file that runs anywhere is busy: try a copy, when it runs no more
		agentrt=$work/runtime start_box $p . created
		exec 9<"/proc/$pid/exe"
		rt delete --force "$id"
		like "oci: the runtime's file cannot be written through the waiting process" "$( (: >>/proc/self/fd/9) 2>&1)" 'Read-only file system'
		exec 9<&-
	else
		start_box $p . created
		u=$(awk '{print $2; exit}' "/proc/$pid/uid_map")
		ok "agent: the owner of the runtime's file is not mapped" test "$(stat -c %u "$agentrt")" -lt "$u"
		rt delete --force "$id"
	fi
	# the program that the container names is the runtime's own, and what is in it writes to whatever runs
	sum=$(sha256sum <"$agentrt")
	bundle writer . 'while :; do for p in /proc/[0-9]*; do case $(readlink "$p/exe") in */busybox) ;; *) echo seen; echo x 2>/dev/null >>"$p/exe" && echo WRITTEN; esac; done; done'
	rt --profile $p run -d --bundle "$work/writer" "writer-$$" >"$work/out" 2>&1 </dev/null
	for ((i = 0; i < 20; i++)); do rt exec "writer-$$" /proc/self/exe --version >"$work/self" 2>&1; done
	rt delete --force "writer-$$"
	like "$p: a program of the container sees it run" "$(sort -u "$work/out")" seen
	unlike "$p: nobody inside can write to it while it runs as theirs" "$(cat "$work/out")" WRITTEN
	is "$p: and it is as it was" "$(sha256sum <"$agentrt")" "$sum"
done

# --- namespaces by path
unshare -n sleep 300 & pids+=($!)
unshare -u sleep 300 & pids+=($!)
sleep 0.3
net="/proc/${pids[0]}/ns/net" uts="/proc/${pids[1]}/ns/uts"
by_path() { printf '(.linux.namespaces[] | select(.type == "%s")).path = "%s" | del(.linux.sysctl)' "$1" "$2"; }
is "oci: a network namespace by path is the program's" "$(box oci "$(by_path network "$net")" 'readlink /proc/self/ns/net' | tail -1)" "$(readlink "$net")"
unlike "agent: a network namespace by path is not the program's" "$(box agent "$(by_path network "$net")" 'readlink /proc/self/ns/net' | tail -1)" "^$(readlink "$net" | sed 's/[][]/\\&/g')\$"
like "a path of another type is refused" "$(box oci "$(by_path network "$uts")" true)" 'not a namespace of that type|network'
like "a path that is not there is refused" "$(box oci "$(by_path network /proc/1/ns/nope)" true)" '/proc/1/ns/nope'

# --- a user namespace of the config's own
own='del(.linux.sysctl) | .linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 400000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
is "oci: a user namespace with the config's maps" "$(box oci "$own" 'cat /proc/self/uid_map' | awk '{print $1, $2, $3}' | tail -1)" '0 400000 65536'
unshare -U -r sleep 300 & pids+=($!)
sleep 0.3
join="del(.linux.sysctl) | del(.mounts[] | select(.type == \"devpts\")) | .linux.namespaces += [{\"type\": \"user\", \"path\": \"/proc/${pids[2]}/ns/user\"}]"
like "oci: a user namespace by path" "$(box oci "$join" 'readlink /proc/self/ns/user; id -u')" "$(readlink "/proc/${pids[2]}/ns/user" | sed 's/[][]/\\&/g')|user"

# --- a container that manages cgroups itself
if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
	id=cg-$$
	bundle $id '(.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev"] | .process.args = ["sh", "-c", "cd /sys/fs/cgroup && mkdir init && echo 1 >init/cgroup.procs && echo +pids >cgroup.subtree_control; sleep 1000"]'
	rt --profile oci run -d --bundle "$work/$id" $id </dev/null >/dev/null 2>&1
	sleep 1
	is "oci: exec follows a first process that has moved down" "$(rt exec $id cat /proc/self/cgroup /sys/fs/cgroup/cgroup.subtree_control 2>&1 | tr '\n' ' ')" '0::/init pids '
	rt delete --force $id
else
	skip "oci: exec follows a first process that has moved down" "cgroup v1"
fi

# --- time
time='.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 1000000, "nanosecs": 0}}'
up=$(box oci "$time" 'cut -d. -f1 /proc/uptime' | tail -1)
ok "a time namespace has its offset" test "${up:-0}" -gt 1000000

# --- a value on the command line of exec, which the joining process shows for a moment
for p in oci agent; do
	n=$((n + 1)) id=x$n-$$
	bundle "$id" '.process.args = ["sh", "-c", "while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr \"\\0\" \"\\n\" | grep -a -e CMDLINE-SECRE; done >/tmp/found"]'
	rt --profile $p create --bundle "$work/$id" "$id" </dev/null >/dev/null && rt start "$id"
	for _ in $(seq 25); do rt exec -e PLAIN=CMDLINE-SECRET "$id" true; done
	is "$p: a value given with -e is in no command line" "$(rt exec "$id" grep -c 'CMDLINE-SECRE[T]' /tmp/found)" 0
	rt delete --force "$id"
done

tap_done
