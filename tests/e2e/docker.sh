#!/usr/bin/env bash
# docker.sh - Debian's dockerd with agentrt as its runtime: the commands people use, and a real task.
# Needs root, docker.io, debootstrap, network for apt. AGENTRT: the program (default: installed).
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib/tap.sh"
. "$here/lib/docker.sh"
. "$here/lib/image.sh"
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }

work=$(mktemp -d /tmp/agentrt-e2e.XXXXXX)
remap=agentrt-${work##*.}
trap 'dk_stop; userdel "$remap" 2>/dev/null; rm -rf "$work"' EXIT
ln -s "$agentrt" "$work/agentrt-oci"
open_profile() { # NAME JSON: a wrapper that runs agentrt with a profile of this test
	mkdir -p "$work/profiles"
	printf '%s\n' "$2" >"$work/profiles/$1.json"
	printf '#!/bin/sh\nexec %s --profile-dir %s --profile %s "$@"\n' "$agentrt" "$work/profiles" "$1" >"$work/$1"
	chmod 755 "$work/$1"
}
debian=$(debian_tar) || { echo "Bail out! no Debian image"; exit 1; }
# The names that apt needs are read from the image's own sources: none is written here.
apt_hosts=$(tar -xOf "$debian" ./etc/apt/sources.list 2>/dev/null | grep -oE 'https?://[^/ ]+' | sed 's,.*//,,' | sort -u)
allow=$(for h in $apt_hosts; do printf '"%s:80", ' "$h"; done | sed 's/, $//')
open_profile apt "{\"name\": \"apt\", \"version\": 1, \"extends\": \"agent\", \"egress\": {\"allow\": [$allow]}}"
open_profile env '{"name": "env", "version": 1, "extends": "agent", "env": {"allow": ["GITHUB_TOKEN"]}}'

open_profile peer '{"name": "peer", "version": 1, "extends": "agent", "egress": {"allow": [{"host": "one", "ports": [80], "addresses": ["172.29.88.0/24"]}, "two:80"]}}'

dk_start "agent=$agentrt" "apt=$work/apt" "env=$work/env" "peer=$work/peer" "agentrt-oci=$work/agentrt-oci" || { echo "Bail out! no dockerd"; exit 1; }
dk import "$debian" deb >/dev/null
run() { timeout 60 docker -H "unix://$DK_SOCK" run --rm "$@"; }
status_of() { run "$@" >/dev/null 2>&1; echo $?; }

# --- exit codes, streams, terminal
is "docker run prints what the program prints" "$(run deb echo hello 2>&1)" hello
is "exit 0" "$(status_of deb true)" 0
is "exit 42" "$(status_of deb sh -c 'exit 42')" 42
is "a directory as command is 126" "$(status_of deb /etc)" 126
is "a command that does not exist is 127" "$(status_of deb /no/such)" 127
is "a command that is not in PATH is 127" "$(status_of deb no-such-command)" 127
is "a program that a signal ends is 128 and its number" "$(status_of --init deb sh -c 'kill -TERM $$')" 143
is "standard input arrives" "$(echo in | run -i deb cat)" in
is "standard error stays apart" "$(run deb sh -c 'echo e >&2' 2>/dev/null)" ""
like "-t gives a terminal" "$("$here/lib/pty" "docker -H unix://$DK_SOCK run --rm -it deb tty" 2>&1)" '/dev/pts/|/dev/console'
like "-t has a size that can be asked" "$("$here/lib/pty" "stty rows 31 cols 97; docker -H unix://$DK_SOCK run --rm -it deb sh -c 'sleep 0.5; stty size'" 2>&1)" '31 97'

# --- options
is "--hostname is the hostname" "$(run --hostname box deb hostname)" box
like "--hostname resolves inside" "$(run --hostname box deb getent hosts box)" '^127\.0\.1\.1 +box'
is "--user is the user" "$(run --user 1000:1000 deb id -u)" 1000
like "--group-add adds groups" "$(run --user 1000 --group-add 4444 --group-add 5555 deb id -G)" '4444 5555$'
is "--workdir is the directory" "$(run --workdir /usr/share deb pwd)" /usr/share
is "-e sets an ordinary variable" "$(run -e COLOUR=blue deb sh -c 'echo $COLOUR')" blue
is "-e of a secret arrives where env.allow names it" "$(run --runtime env -e GITHUB_TOKEN=ghp_let deb sh -c 'echo $GITHUB_TOKEN')" ghp_let
not_ok_cmd "--read-only: the root cannot be written" run --read-only deb touch /x
is "--read-only with --tmpfs: that can be written" "$(run --read-only --tmpfs /scratch deb sh -c 'touch /scratch/x && echo yes')" yes
is "--init: pid 1 is docker-init" "$(run --init deb cat /proc/1/comm)" docker-init
like "--pids-limit holds" "$(run --pids-limit 20 deb sh -c 'for i in $(seq 60); do sleep 3 & done' 2>&1)" 'Cannot fork'
is "--memory: what takes more is killed" "$(status_of --memory 64m --memory-swap 64m deb sh -c 'head -c 300m /dev/zero | tail -c 290m >/dev/null')" 137
is "--ulimit is set" "$(run --ulimit nofile=123:456 deb sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" "123 456 "
like "--cpus sets a quota" "$(run --cpus 0.5 deb sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max')" '^50000( |$)'
is "--shm-size is the size of /dev/shm" "$(run --shm-size 32m deb df -m --output=size /dev/shm | tail -n 1 | tr -d ' ')" 32
is "--sysctl of its own namespaces" "$(run --sysctl kernel.msgmax=4096 deb cat /proc/sys/kernel/msgmax)" 4096

# --- a container that stays
id=$(dk run -d --name stay deb sh -c 'echo started; trap "echo term; exit 7" TERM; while :; do sleep 0.1; done')
sleep 0.5
is "logs" "$(dk logs stay)" started
is "exec" "$(dk exec stay echo in)" in
is "exec has the exit status" "$(dk exec stay sh -c 'exit 5' >/dev/null 2>&1; echo $?)" 5
is "exec of what is not there is 127 or 126" "$(dk exec stay no-such-command >/dev/null 2>&1; s=$?; [ $s = 127 ] || [ $s = 126 ] && echo ok)" ok
is "exec --user" "$(dk exec --user 1000 stay id -u)" 1000
is "exec -w" "$(dk exec -w /usr stay pwd)" /usr
is "exec -e" "$(dk exec -e COLOUR=red stay sh -c 'echo $COLOUR')" red
like "exec -t" "$("$here/lib/pty" "docker -H unix://$DK_SOCK exec -it stay tty" 2>&1)" '/dev/pts/'
is "exec is in the same namespaces as init" "$(dk exec stay sh -c 'for n in net pid mnt uts ipc user; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo $n; done')" ""
like "top" "$(dk top stay 2>&1)" 'sleep 0.1|sh -c'
like "stats" "$(dk stats --no-stream --format '{{.PIDs}}' stay 2>&1)" '^[1-9]'
is "pause" "$(dk pause stay >/dev/null && dk inspect -f '{{.State.Status}}' stay)" paused
not_ok_cmd "exec in a paused container fails" dk exec stay true
is "unpause" "$(dk unpause stay >/dev/null && dk inspect -f '{{.State.Status}}' stay)" running
ok "update --memory" dk update --memory 200m --memory-swap 300m stay
is "update has an effect" "$(cat "/sys/fs/cgroup/memory/$DK_CGROUP/$id/memory.limit_in_bytes" 2>/dev/null || cat "/sys/fs/cgroup/$DK_CGROUP/$id/memory.max")" 209715200
ok "a file is written" dk exec stay touch /made-by-exec
ok "restart" dk restart -t 2 stay
is "what was written is gone after restart" "$(dk exec stay sh -c 'test -e /made-by-exec; echo $?')" 1
ok "and written again" dk exec stay touch /made-by-exec
ok "stop sends TERM" dk stop -t 5 stay
is "wait gives the program's status" "$(dk wait stay)" 7
is "the status after stop is the program's" "$(dk inspect -f '{{.State.ExitCode}}' stay)" 7
ok "start again" dk start stay
is "what was written is gone after stop and start" "$(dk exec stay sh -c 'test -e /made-by-exec; echo $?')" 1
ok "kill" dk kill stay
is "the status after kill" "$(dk wait stay)" 137
ok "rm" dk rm stay
is "a healthcheck becomes healthy" "$(dk run -d --name hc --health-cmd 'test -e /etc/passwd' --health-interval 1s deb sleep 60 >/dev/null; for i in $(seq 30); do s=$(dk inspect -f '{{.State.Health.Status}}' hc); [ "$s" = healthy ] && break; sleep 0.3; done; echo "$s"; dk rm -f hc >/dev/null)" healthy
like "attach gets the output" "$(timeout 10 docker -H "unix://$DK_SOCK" run --rm -d --name att deb sh -c 'sleep 1; echo late' >/dev/null; timeout 10 docker -H "unix://$DK_SOCK" attach att)" '^late$'

# --- files
dk volume create vol >/dev/null
run -v vol:/v deb sh -c 'echo kept >/v/f && id -u >/v/u'
is "a named volume keeps what is written" "$(run -v vol:/v deb cat /v/f)" kept
like "a named volume is nosuid and nodev" "$(run -v vol:/v deb grep ' /v ' /proc/self/mountinfo)" ' /v rw,nosuid,nodev'
mkdir -p "$work/project" && echo src >"$work/project/file" && chown -R 1234:1234 "$work/project"
is "a project directory can be read" "$(run -v "$work/project:/p" deb cat /p/file)" src
ok "and written as root of the container" run -v "$work/project:/p" deb sh -c 'echo new >/p/made'
is "what was written belongs to the directory's owner" "$(stat -c %u "$work/project/made")" 1234
ok "and written as another user of the container" run --user 1000 -v "$work/project:/p" deb sh -c 'echo new >/p/made2'
is "that too belongs to the owner" "$(stat -c %u "$work/project/made2")" 1234
not_ok_cmd "a read-only project cannot be written" run -v "$work/project:/p:ro" deb touch /p/no
mkdir -p "$work/rootsown" && echo root >"$work/rootsown/file"
is "a project that root owns can be read" "$(run -v "$work/rootsown:/p" deb cat /p/file)" root
not_ok_cmd "and not written: host uid 0 is never a target" run -v "$work/rootsown:/p" deb touch /p/no

# --- the real task
like "apt-get installs jq through the proxy" "$(timeout 300 docker -H "unix://$DK_SOCK" run --rm --runtime apt deb sh -c 'apt-get update && apt-get install -y --no-install-recommends jq && jq --version' 2>&1 | tail -n 3)" '^jq-[0-9]'
no_proxy_set='unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy;'
like "apt-get knows no proxy and works all the same" "$(timeout 300 docker -H "unix://$DK_SOCK" run --rm --runtime apt deb sh -c "$no_proxy_set"' apt-get update && apt-get install -y --no-install-recommends file && file --version' 2>&1 | tail -n 3)" '^file-[0-9]'
like "and fails where nothing is allowed" "$(run deb sh -c "$no_proxy_set"' apt-get -o Acquire::Retries=0 update 2>&1; echo "status $?"')" 'Temporary failure resolving|Could not resolve|status 100'
out=$(run deb sh -c 's=$(date +%s%3N); apt-get -o Acquire::Retries=0 update 2>&1; echo "status $? after $(($(date +%s%3N) - s)) ms"' 2>&1)
like "with an empty allow list the same says why" "$out" '403|egress.allow|denied'
like "and fails within two seconds" "$out" '^status [1-9][0-9]* after 1?[0-9]{1,3} ms'

# --- containers on a network of their own: one of them is the only destination that is allowed
web='use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in(80, INADDR_ANY)) or die; listen(S, 5); while (accept(C, S)) { sysread(C, $_, 4096); print C "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nSERVICE\n"; close C }'
dk network create --subnet 172.29.88.0/24 peers >/dev/null
for name in one two three; do dk run -d --name "$name" --network peers --runtime agentrt-oci deb perl -e "$web" >/dev/null; done
three=$(dk inspect -f '{{.NetworkSettings.Networks.peers.IPAddress}}' three)
ask='use Socket; my ($h, $p) = @ARGV; my $a = inet_aton($h) or do { print "NONAME\n"; exit }; socket(T, PF_INET, SOCK_STREAM, 0); connect(T, pack_sockaddr_in($p, $a)) or do { print "REFUSED\n"; exit }; syswrite T, "GET / HTTP/1.1\r\nHost: $h\r\n\r\n"; print while <T>'
peer() { run --network peers --runtime peer deb perl -e "$ask" "$@"; }
like "a container is reached by its Docker name, where its network is named" "$(peer one 80)" '^SERVICE'
is "on another port it is not" "$(peer one 81)" REFUSED
like "one whose network is not named is not, and the answer says why" "$(peer two 80)" 'egress.global'
is "the name of a third does not exist" "$(peer three 80)" NONAME
is "nor is it reached by its address" "$(peer "$three" 80)" REFUSED
is "nor is the gateway, which is the host" "$(peer 172.29.88.1 80)" REFUSED
dk rm -f one two three >/dev/null
dk network rm peers >/dev/null

# --- what differs, as docs/engines.md says
dk run -d --name diff deb sh -c 'echo x >/written; sleep 60' >/dev/null
sleep 0.3
is "the container sees what it wrote" "$(dk exec diff cat /written)" x
unlike "diff does not show what is written to the disposable root" "$(dk diff diff)" written
not_ok_cmd "cp does not see it either" dk cp diff:/written "$work/written"
is "cp reads a file of the image" "$(dk cp diff:/etc/debian_version - | tar -xO)" "$(dk exec diff cat /etc/debian_version)"
echo given >"$work/given"
ok "cp puts a file into the engine's layer" dk cp "$work/given" diff:/given
is "the next start of the container has it" "$(dk restart -t 1 diff >/dev/null; dk exec diff cat /given)" given
like "diff shows that one" "$(dk diff diff)" '^A /given'
is "export holds the image and that, not what the container wrote" "$(dk export diff | tar -t | grep -cE '^(etc/passwd|given|written)$')" 2
dk commit diff committed >/dev/null
is "an image made by commit does as well" "$(run committed sh -c 'ls -d /etc/passwd /given /written 2>/dev/null' | tr '\n' ' ')" "/etc/passwd /given "
like "checkpoint is refused" "$(dk checkpoint create diff c1 2>&1)" 'checkpoint and restore are not supported'
is "and the container goes on" "$(dk exec diff echo on)" on
dk rm -f diff >/dev/null
dk run -d --name layer deb sh -c 'echo x >/written; rm /etc/debian_version; rm -r /usr/share/doc; mkdir /usr/share/doc; chown 33:33 /written; sleep 60' >/dev/null
sleep 1
ok "agentrt export takes the id that docker ps shows" "$agentrt" export -o "$work/layer.tar" "$(dk ps -q -f name=layer)"
ok "and egress log, too" "$agentrt" egress log "$(dk ps -q -f name=layer)"
like "an id that nobody has is said" "$("$agentrt" export -o /dev/null badbadbad 2>&1)" 'container does not exist'
python3 - "$debian" "$work/layer.tar" "$work/image.tar" <<'PY' && dk load -i "$work/image.tar" >/dev/null
import hashlib, io, json, sys, tarfile
base, layer, out = sys.argv[1:]
def put(tar, name, data):
    t = tarfile.TarInfo(name); t.size = len(data); tar.addfile(t, io.BytesIO(data))
digest = lambda path: "sha256:" + hashlib.file_digest(open(path, "rb"), "sha256").hexdigest()
config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(base), digest(layer)]}}
with tarfile.open(out, "w") as tar:
    put(tar, "config.json", json.dumps(config).encode())
    tar.add(base, "base.tar"); tar.add(layer, "layer.tar")
    put(tar, "manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["exported:1"], "Layers": ["base.tar", "layer.tar"]}]).encode())
PY
is "what it writes is a layer that docker load takes: with what was made, without what was removed" \
	"$(run exported:1 sh -c 'cat /written; stat -c %u:%g /written; ls /etc/debian_version /usr/share/doc/* 2>&1 | grep -c "No such"; ls -d /etc/passwd' | tr '\n' ' ')" "x 33:33 2 /etc/passwd "
dk rm -f layer >/dev/null
mkdir "$work/build"
printf 'FROM deb\nRUN echo built >/built\n' >"$work/build/Dockerfile"
dk_build() { DOCKER_BUILDKIT=$1 dk build --no-cache -t "built$1" "$work/build" 2>&1; }
like "build with BuildKit works" "$(dk_build 1; run built1 cat /built)" '^built$'
like "build with the classic builder runs its steps" "$(dk_build 0)" 'Successfully built'
is "but what they write is gone: it uses the default runtime" "$(run built0 sh -c 'test -e /built; echo $?')" 1
serve='use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in(80, INADDR_ANY)) or die; listen(S, 5); while (accept(C, S)) { print C "SERVICE\n"; close C }'
published() { # RUNTIME: what a published port answers, while the service inside is there
	local port
	dk run -d --name web --runtime "$1" -p 127.0.0.1::80 deb perl -e "$serve" >/dev/null
	sleep 0.5
	port=$(dk port web 80 | sed 's/.*://')
	echo "inside: $(dk exec web perl -e 'use Socket; socket(T, PF_INET, SOCK_STREAM, 0); connect(T, pack_sockaddr_in(80, inet_aton("127.0.0.1"))) and print <T>')"
	echo "outside: $(timeout 3 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && cat <&3" 2>/dev/null)"
	dk rm -f web >/dev/null
}
is "-p: nothing answers" "$(published agent | tr '\n' ' ')" "inside: SERVICE outside:  "
is "-p: with the plain runtime it does" "$(published agentrt-oci | tr '\n' ' ')" "inside: SERVICE outside: SERVICE "

# --- the plain runtime: the program's name alone chooses it
oci() { run --runtime agentrt-oci "$@"; }
is "oci: the exit statuses" "$(for c in true 'sh -c "exit 42"' /etc /no/such; do eval "oci deb $c" >/dev/null 2>&1; echo -n "$? "; done)" "0 42 126 127 "
is "oci: root is the host's, as with any plain runtime" "$(oci deb cat /proc/self/uid_map | tr -s ' ')" " 0 0 4294967295"
like "oci: the engine's hook or call has configured the network" "$(oci deb cat /proc/net/route)" '^eth0'
like "oci: -it" "$("$here/lib/pty" "docker -H unix://$DK_SOCK run --rm --runtime agentrt-oci -it deb tty" 2>&1)" '/dev/pts/|/dev/console'
is "oci: --network host is the host's" "$(oci --network host deb readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
is "oci: a secret arrives" "$(oci -e GITHUB_TOKEN=ghp_let deb sh -c 'echo $GITHUB_TOKEN')" ghp_let
is "oci: --privileged is" "$(oci --privileged deb sh -c 'mount -t tmpfs none /mnt && echo mounted')" mounted
dk run -d --name plain --runtime agentrt-oci deb sleep 300 >/dev/null
is "oci: exec" "$(dk exec plain sh -c 'touch /kept; exit 9'; echo $?)" 9
ok "oci: pause and unpause" eval 'dk pause plain && dk unpause plain'
ok "oci: restart" dk restart -t 1 plain
ok "oci: what was written stays" dk exec plain test -e /kept
like "oci: diff shows it" "$(dk diff plain)" '^A /kept'
dk rm -f plain >/dev/null

# --- many at once
many() { # COMMAND...: each with NAME, all at once; prints how many succeeded
	local i p pids=() good=0
	for i in $(seq 20); do eval "${1//NAME/many$i}" >/dev/null 2>&1 & pids+=($!); done
	for p in "${pids[@]}"; do wait "$p" && good=$((good + 1)); done
	echo "$good"
}
is "20 containers start at once" "$(many 'dk run -d --name NAME deb sleep 300')" 20
is "all of them run" "$(dk ps -q | wc -l)" 20
is "a program is run in all at once" "$(many 'dk exec NAME true')" 20
is "all are stopped and removed at once" "$(many 'dk rm -f NAME')" 20
is "which leaves nothing" "$(dk_left)" ""
is "20 short ones run at once" "$(many 'run --name NAME deb true')" 20
is "which leaves nothing either" "$(dk_left)" ""

# --- the engine's own trouble
dk run -d --name survive --restart no deb sleep 300 >/dev/null
dk_end KILL
dk_daemon
is "dockerd comes back after a kill" $? 0
like "rm -f still works" "$(dk rm -f survive 2>&1)" survive
dk run -d --name again --restart always deb sleep 300 >/dev/null
dk_end TERM
is "dockerd stops, and with it its containers: nothing is left" "$(dk_left)" ""
dk_daemon --live-restore
is "dockerd starts, with live-restore" $? 0
is "a container with --restart always runs again" "$(for _ in $(seq 50); do dk exec again echo again 2>/dev/null && break; sleep 0.1; done)" again
pid=$(dk inspect -f '{{.State.Pid}}' again)
dk_end TERM
ok "with live-restore it outlives dockerd" kill -0 "$pid"
dk_daemon --live-restore
is "dockerd finds it again" $? 0
is "and it is the same process" "$(dk inspect -f '{{.State.Running}} {{.State.Pid}}' again)" "true $pid"
is "exec works in it" "$(dk exec again echo in)" in
ok "and so does stop" dk stop -t 1 again
dk rm -f again >/dev/null

# --- an engine that has ids for its containers
useradd "$remap" && chmod o+x "$DK_DIR"
range=$(awk -F: -v u="$remap" '$1 == u {print $2 " " $3}' /etc/subuid)
dk_end TERM
dk_daemon --userns-remap "$remap"
is "dockerd starts, with userns-remap" $? 0
dk import "$debian" deb >/dev/null
is "remap: the container has the engine's range" "$(run deb cat /proc/self/uid_map | tr -s ' ')" " 0 $range"
is "remap: root may write in its root" "$(run deb sh -c 'touch /etc/new && stat -c %u /etc/new /etc/passwd' | tr '\n' ' ')" "0 0 "
is "remap: and in a named volume" "$(run -v remapped:/v deb sh -c 'touch /v/f && stat -c %u /v/f')" 0
ok "remap: a project can be written" run -v "$work/project:/p" deb touch /p/remapped
is "remap: that belongs to the directory's owner" "$(stat -c %u "$work/project/remapped")" 1234
like "remap: --userns host gives a private range instead" "$(run --userns host deb cat /proc/self/uid_map | tr -s ' ')" '^ 0 [1-9][0-9]{6,} 65536$'
is "remap: oci has the engine's range" "$(oci deb cat /proc/self/uid_map | tr -s ' ')" " 0 $range"
dk run -d --name ids deb sleep 300 >/dev/null
is "remap: exec" "$(dk exec ids id -u)" 0
dk rm -f ids >/dev/null

# --- nothing is left
sleep 0.3
is "no container is left" "$(dk ps -aq)" ""
is "nothing is left: mounts, cgroups, state, processes" "$(dk_left)" ""
tap_done
