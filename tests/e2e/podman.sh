#!/usr/bin/env bash
# podman.sh - Debian's podman with agentrt as its runtime, as root: the commands people use, with the
# profiles oci and agent. Needs root, podman, busybox-static. AGENTRT: the program (default: installed).
# Runs in network and mount namespaces of its own: bridges and packet filters there are nobody else's.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
command -v podman >/dev/null || { echo "1..0 # podman is not installed"; exit 1; }
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$agentrt" unshare -n -m --propagation private "$0"
. "$here/lib/tap.sh"
. "$here/lib/image.sh"
work=$(mktemp -d /tmp/agentrt-podman.XXXXXX)
mark=${work##*.}
cleanup() {
	local m
	# shellcheck disable=SC2086
	kill ${servers:-} ${far:-} 2>/dev/null
	pm oci rm -fa -t 0 >/dev/null 2>&1
	pm oci pod rm -fa >/dev/null 2>&1
	find /sys/fs/cgroup -depth -type d -path "*$mark*" -exec rmdir {} + 2>/dev/null
	while read -r m; do rmdir /sys/fs/cgroup/*/libpod_parent/"$m" 2>/dev/null; done <"$work/pods" # podman's own
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf "$work"
}
trap cleanup EXIT
ip link set lo up
mkdir -p "$work"/{root,run,tmp,net,img,bin}
cd "$work" || exit 1 # conmon leaves a file "oom" where it was started
ln -s "$agentrt" "$work/bin/agentrt-oci"
ln -s "$agentrt" "$work/bin/agentrt"
# What podman raises by default (open files, processes) is not every test machine's to give.
cat >"$work/containers.conf" <<-CONF
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	tmp_dir = "$work/tmp"
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
	[network]
	network_backend = "cni"
	network_config_dir = "$work/net"
	cni_plugin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
CONF
cat >"$work/storage.conf" <<-CONF
	[storage]
	driver = "overlay"
	graphroot = "$work/root"
	runroot = "$work/run"
CONF
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY # podman hands them on
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
pm() { # PROFILE ARGUMENT...
	local rt=agentrt-oci
	[ "$1" = agent ] && rt=agentrt
	shift
	timeout 60 podman --runtime "$work/bin/$rt" "$@"
}
busybox_root "$work/img"
mkdir -p "$work/img/srv" && echo image >"$work/img/srv/file"
tar -C "$work/img" -c . | pm oci import - box >/dev/null 2>&1
pm oci image exists box || { echo "Bail out! podman cannot import an image"; exit 1; }
sed "s|/usr/local/sbin/agentrt|$agentrt|" "$here/../contrib/podman/agentrt.conf" >"$work/drop-in.conf"
is "the drop-in of contrib/ is understood" "$(CONTAINERS_CONF=$work/drop-in.conf podman --runtime agentrt info --format '{{.Host.OCIRuntime.Name}} {{.Host.CgroupManager}}' 2>&1)" "agentrt cgroupfs"
echo "# $(podman --version), $(conmon --version | head -n 1)"
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
left() { # what containers that were removed have left
	find /sys/fs/cgroup -type d -path "*libpod*" -newer "$work/start" 2>/dev/null | while read -r d; do
		for id in $(cat "$work/ids" 2>/dev/null); do case $d in *"$id"*) echo "cgroup $d" ;; esac; done
	done
	find /run/agentrt -maxdepth 1 -mindepth 1 -newer "$work/start" -not -name '.*' -printf '%f\n' 2>/dev/null | grep -xFf <(cat "$work/ids" 2>/dev/null)
	awk -v d="$work/root/overlay/" 'index($5, d) == 1 {print "mount " $5}' /proc/self/mountinfo
}
pod_left() {
	grep -Ff "$work/ids" /run/agentrt/.ids
	find /sys/fs/cgroup -type d -name '*-egress' | grep -Ff "$work/ids"
}
touch "$work/start" "$work/ids" "$work/pods"
mkdir "$work/project" && echo mine >"$work/project/file" && chown -R 1234:1234 "$work/project"

for p in oci agent; do
	run() { pm $p run --rm --network none "$@"; }
	is "$p: run prints what the program prints" "$(run box echo hello 2>&1)" hello
	is "$p: exit 0" "$(status_of run box true)" 0
	is "$p: exit 42" "$(status_of run box sh -c 'exit 42')" 42
	is "$p: a directory as command is 126" "$(status_of run box /etc)" 126
	is "$p: a command that does not exist is 127" "$(status_of run box /no/such)" 127
	is "$p: a command that is not in PATH is 127" "$(status_of run box no-such-command)" 127
	is "$p: a program that a signal ends is 128 and its number" "$(status_of run box sh -c 'sh -c "kill -KILL \$\$"; exit $?')" 137
	is "$p: standard input arrives" "$(echo in | run -i box cat)" in
	is "$p: standard error stays apart" "$(run box sh -c 'echo e >&2' 2>/dev/null)" ""
	like "$p: -t gives a terminal" "$("$here/lib/pty" "podman --runtime '$work/bin/$([ $p = oci ] && echo agentrt-oci || echo agentrt)' run --rm --network none -it box tty" 2>&1)" '/dev/(pts/|console)'
	is "$p: --hostname" "$(run --hostname box1 box hostname)" box1
	is "$p: --user" "$(run --user 1000:1000 box id -u)" 1000
	is "$p: --workdir" "$(run --workdir /srv box pwd)" /srv
	is "$p: -e" "$(run -e COLOUR=blue box sh -c 'echo $COLOUR')" blue
	not_ok_cmd "$p: --read-only: the root cannot be written" run --read-only box touch /x
	is "$p: --tmpfs can" "$(run --read-only --tmpfs /scratch box sh -c 'touch /scratch/x && echo yes')" yes
	is "$p: --ulimit" "$(run --ulimit nofile=123:456 --ulimit nproc=4096:4096 box sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" "123 456 "
	like "$p: --pids-limit holds" "$(run --pids-limit 20 box sh -c 'for i in $(seq 60); do sleep 3 & done' 2>&1)" "fork"
	is "$p: --memory: what takes more is killed" "$(status_of run --memory 32m --memory-swap 32m box sh -c 'dd if=/dev/zero of=/dev/null bs=100M count=1')" 137
	is "$p: --shm-size" "$(run --shm-size 32m box df -m /dev/shm | awk 'END {print $2}')" 32
	is "$p: --sysctl of its own namespaces" "$(run --sysctl kernel.msgmax=4096 box cat /proc/sys/kernel/msgmax)" 4096
	is "$p: -v: a project is read" "$(run -v "$work/project:/p" box cat /p/file)" mine
	not_ok_cmd "$p: -v :ro cannot be written" run -v "$work/project:/p:ro" box touch /p/no
	is "$p: a named volume keeps what is written" "$(run -v vol$p:/v box sh -c 'echo kept >/v/f'; run -v vol$p:/v box cat /v/f)" kept

	# --- a container that stays
	id=$(pm $p run -d --network none --name stay box sh -c 'echo started; trap "echo term; exit 7" TERM; while :; do sleep 0.1; done')
	echo "$id" >>"$work/ids"
	sleep 0.5
	is "$p: logs" "$(pm $p logs stay)" started
	is "$p: exec" "$(pm $p exec stay echo in)" in
	[ $p = agent ] && is "agentrt export takes the id that podman ps shows" "$(pm $p exec stay sh -c 'echo x >/made'; "$agentrt" export "${id:0:12}" | tar -t | grep -cx made)" 1
	is "$p: exec has the exit status" "$(status_of pm $p exec stay sh -c 'exit 5')" 5
	is "$p: exec of what is not there" "$(status_of pm $p exec stay no-such-command)" 127
	is "$p: exec --user, -w, -e" "$(pm $p exec --user 1000 -w /srv -e A=b stay sh -c 'echo $(id -u) $(pwd) $A')" "1000 /srv b"
	like "$p: exec -t" "$("$here/lib/pty" "podman exec -it stay tty" 2>&1)" '/dev/pts/'
	is "$p: exec -d" "$(status_of pm $p exec -d stay sleep 100)" 0
	like "$p: top" "$(pm $p top stay)" 'sleep 100'
	like "$p: stats" "$(pm $p stats --no-stream --format '{{.PIDS}}' stay)" '^[1-9]'
	is "$p: pause" "$(pm $p pause stay >/dev/null && pm $p inspect -f '{{.State.Status}}' stay)" paused
	is "$p: unpause" "$(pm $p unpause stay >/dev/null && pm $p inspect -f '{{.State.Status}}' stay)" running
	like "$p: checkpoint is refused, and the container goes on" "$(pm $p container checkpoint stay 2>&1; pm $p inspect -f '{{.State.Status}}' stay)" '^running$'
	is "$p: cp into it" "$(echo copied >"$work/c"; pm $p cp "$work/c" stay:/srv/c; pm $p exec stay cat /srv/c 2>&1)" copied
	pm $p exec stay touch /made
	is "$p: what was written is in diff" "$(pm $p diff stay | grep -c /made)" "$([ $p = oci ] && echo 1 || echo 0)"
	ok "$p: restart" pm $p restart -t 2 stay
	is "$p: what was written, after a restart" "$(pm $p exec stay sh -c 'test -e /made; echo $?')" "$([ $p = oci ] && echo 0 || echo 1)"
	ok "$p: stop sends TERM" pm $p stop -t 5 stay
	is "$p: wait gives the program's status" "$(pm $p wait stay)" 7
	ok "$p: start again" pm $p start stay
	ok "$p: kill" pm $p kill stay
	is "$p: the status after kill" "$(pm $p wait stay)" 137
	ok "$p: rm" pm $p rm stay
	is "$p: attach" "$(pm $p run -d --network none --name att box sh -c 'sleep 1; echo late' >/dev/null; timeout 10 podman attach att; pm $p rm -f att >/dev/null)" late
	is "$p: a healthcheck" "$(pm $p run -d --network none --name hc --health-cmd 'test -e /etc/passwd' --health-interval disable box sleep 60 >/dev/null; pm $p healthcheck run hc >/dev/null 2>&1; echo $?; pm $p rm -f -t 0 hc >/dev/null)" 0
	is "$p: --init" "$(command -v catatonit >/dev/null && run --init box cat /proc/1/comm || echo catatonit)" catatonit

	# --- a pod: the infra container's namespaces, and its files
	pm $p pod create --name pod --network none --infra-image box --infra-command 'sleep 1000' >/dev/null 2>&1
	pm $p run -d --pod pod --name one box sh -c 'hostname; echo shared >/dev/shm/x; sleep 1000' >"$work/pod.out" 2>&1
	sleep 0.5
	is "$p: a pod's container has the pod's host name" "$(pm $p logs one 2>&1)" pod
	ns() { pm $p exec "$1" readlink "/proc/self/ns/$2"; }
	pm $p run -d --pod pod --name two box sleep 1000 >/dev/null 2>&1
	for k in net ipc uts user; do is "$p: containers of a pod share $k" "$(ns one $k)" "$(ns two $k)"; done
	is "$p: and what goes with it" "$(pm $p exec two cat /dev/shm/x)" shared
	pm $p exec -d two sh -c 'while :; do echo served | nc -l -p 8081; done' >/dev/null
	is "$p: one reaches the other on localhost" "$(pm $p exec one sh -c 'for i in $(seq 50); do nc -w 2 127.0.0.1 8081 </dev/null && break; sleep 0.2; done')" served
	is "$p: exec -t in a pod's container" "$("$here/lib/pty" "podman exec -it two tty" 2>&1 | tr -d '\r')" "/dev/pts/0"
	pm $p pod ps -q --no-trunc >>"$work/pods"
	pm $p ps -aq --no-trunc --filter pod=pod >>"$work/ids"
	ok "$p: pod stop" pm $p pod stop -t 0 pod
	ok "$p: pod start" pm $p pod start pod
	is "$p: its containers run" "$(pm $p ps --filter pod=pod --format '{{.State}}' | cut -d' ' -f1 | sort -u)" Up
	is "$p: and share a network again" "$(ns one net)" "$(ns two net)"
	ok "$p: pod rm" pm $p pod rm -f -t 0 pod
	pm $p pod create --name pids --network none --share net,ipc,uts,pid --infra-image box --infra-command 'sleep 1000' >/dev/null 2>&1
	pm $p run -d --pod pids --name three box sleep 1000 >/dev/null 2>&1
	is "$p: --share pid" "$(ns three pid)" "$(pm $p exec "$(pm $p pod inspect -f '{{.InfraContainerID}}' pids)" readlink /proc/self/ns/pid)"
	pm $p ps -aq --no-trunc --filter pod=pids >>"$work/ids"
	pm $p pod rm -f -t 0 pids >/dev/null
	is "$p: no id and no proxy is left" "$(pod_left)" ""
	is "$p: nothing is left" "$(left)" ""
done

# --- a bridge
if pm oci network create --subnet 10.99.77.0/24 net77 >/dev/null 2>&1 && [ "$(status_of pm oci run --rm --network net77 box true)" = 0 ]; then
	echo served >"$work/index.html"
	python3 -m http.server --directory "$work" 8077 >/dev/null 2>&1 &
	server=$!
	for ((i = 0; i < 50; i++)); do busybox nc -w 1 127.0.0.1 8077 </dev/null && break; sleep 0.2; done
	# nc: a static busybox's wget may not live without the C library's name service
	get='printf "GET /index.html HTTP/1.0\r\n\r\n" | nc -w 5 10.99.77.1 8077 | tail -n 1'
	is "oci: a bridge" "$(pm oci run --rm --network net77 box sh -c "$get")" served
	unlike "agent: what the profile does not allow is refused on a bridge, too" "$(pm agent run --rm --network net77 box sh -c "$get" 2>&1)" served
	is "oci: -p" "$(pm oci run -d --name web --network net77 -p 8078:80 box sh -c 'echo web | nc -l -p 80' >/dev/null; sleep 1; busybox nc -w 5 10.99.77.1 8078 </dev/null; pm oci rm -f -t 0 web >/dev/null)" web
	kill $server
else
	skip "a bridge" "no CNI plugins here"
fi
# --- two pods on a bridge, and a server behind it that is nobody's: one of its ports is allowed
mkdir "$work/profiles"
echo '{"name": "pod", "version": 1, "extends": "agent", "egress": {"allow": ["203.0.113.9:8080"]}}' >"$work/profiles/pod.json"
printf '#!/bin/sh\nexec %s --profile-dir %s --profile pod "$@"\n' "$agentrt" "$work/profiles" >"$work/bin/agentrt-pod"
chmod +x "$work/bin/agentrt-pod"
pod() { timeout 60 podman --runtime "$work/bin/agentrt-pod" "$@"; }
unshare -n sleep 1000 & # the server's side
far=$!
far() { nsenter -n -t $far "$@"; }
sleep 0.2
echo 1 >/proc/sys/net/ipv4/ip_forward
ip link add far0 type veth peer name far1 && ip link set far1 netns $far && ip addr add 203.0.113.1/24 dev far0 && ip link set far0 up
far ip link set lo up && far ip addr add 203.0.113.9/24 dev far1 && far ip link set far1 up && far ip route add default via 203.0.113.1
for port in 8080 8082; do nsenter -n -t $far python3 -m http.server --directory "$work" $port >/dev/null 2>&1 & servers+=" $!"; done
if pm oci network create --subnet 10.99.78.0/24 net78 >/dev/null 2>&1 && [ "$(status_of pod pod create --name a --network net78 --infra-image box --infra-command 'sleep 1000')" = 0 ]; then
	echo served >"$work/index.html"
	get='printf "GET /index.html HTTP/1.0\r\nHost: 203.0.113.9\r\n\r\n" | nc -w 5 203.0.113.9'
	for c in one two; do pod run -d --pod a --name $c box sleep 1000 >/dev/null 2>&1; done
	for ((i = 0; i < 50; i++)); do far busybox nc -w 1 127.0.0.1 8080 </dev/null && far busybox nc -w 1 127.0.0.1 8082 </dev/null && break; sleep 0.2; done 2>/dev/null
	for c in one two; do
		like "agent: $c of a pod reaches what the policy names" "$(pod exec $c sh -c "$get 8080" 2>&1)" '^served$'
		unlike "agent: and nothing else" "$(pod exec $c sh -c "$get 8082" 2>&1)" '^served$'
	done
	like "agent: a container of another policy is refused" "$(pm agent run -d --pod a box true 2>&1)" 'refused by rule pod\.policy'
	pod pod create --name b --network net78 --infra-image box --infra-command 'sleep 1000' >/dev/null 2>&1
	pod run -d --pod b --name three box sh -c 'while :; do echo ofb | nc -l -p 8083; done' >/dev/null 2>&1
	is "agent: a pod reaches itself" "$(pod exec three sh -c 'for i in $(seq 50); do nc -w 2 127.0.0.1 8083 </dev/null && break; sleep 0.2; done')" ofb
	for to in 127.0.0.1 "$(podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(podman pod inspect -f '{{.InfraContainerID}}' b)")"; do
		unlike "agent: another pod is not reached at $to" "$(pod exec one nc -w 2 "$to" 8083 </dev/null 2>&1)" ofb
	done
	podman ps -aq --no-trunc >>"$work/ids"
	podman pod ps -q --no-trunc >>"$work/pods"
	for x in a b; do ok "agent: pod stop $x" pod pod stop -t 0 $x; ok "agent: pod rm $x" pod pod rm -f -t 0 $x; done
	is "agent: nothing is left of the pods" "$(left)$(pod_left)" ""
else
	skip "pods on a bridge" "no CNI plugins here"
fi
# shellcheck disable=SC2086
kill ${servers:-} $far 2>/dev/null
is "oci: --network host" "$(pm oci run --rm --network host box readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
unlike "agent: --network host is not the host's" "$(pm agent run --rm --network host box readlink /proc/self/ns/net)" "^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')\$"
for o in --privileged "--pid host" "--cap-add ALL" "--security-opt seccomp=unconfined"; do
	# shellcheck disable=SC2086
	is "agent: $o is accepted, without effect" "$(pm agent run --rm --network none $o box grep CapEff /proc/self/status)" "$(pm agent run --rm --network none box grep CapEff /proc/self/status)"
done
like "agent: --rootfs of a place of the host's is refused" "$(pm agent run --rm --network none --rootfs /var/lib/agentrt true 2>&1)" 'refused by rule root\.source'
like "agent: --preserve-fds of a directory is refused" "$(pm agent run --rm --network none --preserve-fds 1 box true 2>&1 3</srv)" 'refused by rule process\.descriptors'
unlike "agent: --uidmap gives no account of the host" "$(pm agent run --rm --network none --uidmap 0:1000:65536 --gidmap 0:1000:65536 box cat /proc/self/uid_map 2>&1 | tr -s ' ')" '^ 0 1000 '
like "agent: -v of credentials is refused" "$(mkdir -p "$work/home/.ssh"; pm agent run --rm --network none -v /root/.ssh:/k box true 2>&1; pm agent run --rm --network none -v /etc/shadow:/k box true 2>&1)" 'mount\.'
printf 'FROM box\nRUN echo built >/built\n' >"$work/Dockerfile"
like "oci: build" "$(pm oci build --network none -t built "$work" 2>&1 | tail -n 1; pm oci run --rm --network none built cat /built)" '^built$'
tap_done
