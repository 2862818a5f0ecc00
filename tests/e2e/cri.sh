#!/usr/bin/env bash
# cri.sh - Kubernetes' pods, without Kubernetes: the calls of a kubelet to Debian's containerd with its CRI
# plugin, whose runtime handlers are agentrt with the profiles oci and agent. Needs root, containerd,
# containernetworking-plugins, python3-grpcio, busybox-static, jq. AGENTRT: the program (default: installed).
# Runs in network and mount namespaces of its own, with a containerd and a kubelet's directory of its own.
# With TEST_NEWER=1 the containerd, its shim and what they load are a newer Debian suite's (newer.sh).
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
. "$here/lib/tap.sh"
not_here() { skip "pods by CRI" "$1"; tap_done; exit; }
/usr/bin/python3 -c 'import grpc' 2>/dev/null || not_here "python3-grpcio is not installed"
[ -x /usr/lib/cni/bridge ] || not_here "containernetworking-plugins is not installed"
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$agentrt" unshare -n -m --propagation private "$0"
. "$here/lib/image.sh"
work=$(mktemp -d /tmp/agentrt-cri.XXXXXX)
n=${work##*.}
cleanup() {
	local m
	# shellcheck disable=SC2086
	kill ${servers:-} ${far:-} 2>/dev/null
	[ -z "${daemon:-}" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
	find /sys/fs/cgroup -type d -path "*$n*" 2>/dev/null | while read -r m; do xargs -r kill -9 <"$m/cgroup.procs"; done 2>/dev/null
	sleep 0.2
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	find /sys/fs/cgroup -depth -type d -path "*$n*" -exec rmdir {} + 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
mkdir -p "$work"/{root,state,img,bin,cni,opt,profiles,logs,kubelet/pods}
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
ln -s "$agentrt" "$work/bin/agentrt-oci"
# Where this containerd and this kubelet keep what they inject, and one server to be reached.
jq -n --arg w "$work" '{name: "pod", version: 1, extends: "agent", egress: {allow: ["203.0.113.9:8080"]},
	mounts: {engineRoots: [$w + "/root", $w + "/state", $w + "/kubelet"]}}' >"$work/profiles/pod.json"
printf '#!/bin/sh\nexec %s --profile-dir %s --profile pod "$@"\n' "$agentrt" "$work/profiles" >"$work/bin/agentrt"
chmod +x "$work/bin/agentrt"
cat >"$work/cni/10-test.conflist" <<-CNI
	{"cniVersion": "0.4.0", "name": "$n", "plugins": [{"type": "bridge", "bridge": "b0", "isGateway": true, "ipMasq": false,
	 "ipam": {"type": "host-local", "dataDir": "$work/ipam", "ranges": [[{"subnet": "10.99.79.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
CNI
cp -r /usr/lib/cni "$work/plugins"
plugin=io.containerd.grpc.v1.cri version=2 sandbox_image='sandbox_image = "localhost/pause:1"' start_with=exec
if [ -n "${TEST_NEWER:-}" ]; then
	. "$here/lib/newer.sh"
	newer_tree >/dev/null || { echo "Bail out! no newer Debian tree"; exit 1; }
	plugin=io.containerd.cri.v1.runtime version=3 sandbox_image= start_with=newer_exec
fi
{
	cat <<-CONF
		version = $version
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$work/opt"
		[plugins."$plugin"]
		  $sandbox_image
		  netns_mounts_under_state_dir = true
		  restrict_oom_score_adj = true
		[plugins."$plugin".cni]
		  bin_dir = "$work/plugins"
		  conf_dir = "$work/cni"
		[plugins."$plugin".containerd]
		  default_runtime_name = "agent"
	CONF
	[ $version = 2 ] || printf '[plugins."io.containerd.cri.v1.images".pinned_images]\n  sandbox = "localhost/pause:1"\n'
	for p in oci agent; do
		cat <<-CONF
			[plugins."$plugin".containerd.runtimes.$p]
			  runtime_type = "io.containerd.runc.v2"
			  pod_annotations = ["io.agentrt.*", "io.kubernetes.cri.*"]
			  container_annotations = ["io.agentrt.*", "io.kubernetes.cri.*"]
			[plugins."$plugin".containerd.runtimes.$p.options]
			  BinaryName = "$work/bin/agentrt$([ $p = oci ] && echo -oci)"
			  SystemdCgroup = false
		CONF
	done
} >"$work/config.toml"
(PATH=/usr/sbin:/usr/bin:/sbin:/bin $start_with containerd --config "$work/config.toml" --root "$work/root" --state "$work/state" --address "$work/sock") >"$work/log" 2>&1 </dev/null &
daemon=$!
cri() { timeout -k 5 90 "$here/lib/cri" "$work/sock" "$@"; }
for ((i = 0; i < 100; i++)); do cri Status >"$work/status" 2>&1 && break; sleep 0.2; done
[ "$(jq -r '[.status.conditions[] | select(.status == 1).type] | sort | join(" ")' "$work/status" 2>/dev/null)" = "NetworkReady RuntimeReady" ] ||
	{ cat "$work/status"; tail -n 20 "$work/log"; echo "Bail out! no containerd with CRI"; exit 1; }
echo "# containerd $(ctr --address "$work/sock" version 2>/dev/null | awk '/^Server/ {s = 1} s && /Version/ {print $2}')"
like "the drop-in of contrib/ is understood" "$(PATH=/usr/sbin:/usr/bin:/sbin:/bin; ($start_with containerd --config "$here/../contrib/containerd/config-v$version.toml" config dump) 2>&1 |
	sed -n '/runtimes.agentrt/,/SystemdCgroup/p')" "BinaryName = ['\"]/usr/local/sbin/agentrt"
busybox_root "$work/img"
tar -C "$work/img" -cf "$work/layer.tar" .
for i in "pause sleep 100000" "box sh"; do
	set -- $i
	"$here/lib/oci-archive" "$work/layer.tar" "$work/$1.tar" "localhost/$1:1" "${@:2}"
	ctr --address "$work/sock" -n k8s.io images import "$work/$1.tar" >"$work/import" 2>&1 || { cat "$work/import"; echo "Bail out! no image"; exit 1; }
done

# --- what a kubelet asks
pod_config() { # NAME [JQ-FILTER]
	jq -nc --arg n "$1" --arg w "$work" --arg c "/$n" '{metadata: {name: $n, uid: ("uid-" + $n), namespace: "default"}, hostname: ($n + "-host"),
		log_directory: ($w + "/logs/" + $n), dns_config: {servers: ["192.0.2.53"]}, labels: {"io.kubernetes.pod.uid": ("uid-" + $n)},
		linux: {cgroup_parent: $c}}'" | ${2:-.}"
}
value() { jq -r "$2" <<<"$1" 2>/dev/null || echo "$1"; } # ANSWER JQ-FILTER; an error as it is
sandbox() { # PROFILE NAME [JQ-FILTER]: prints its id
	pod_config "$2" "${3:-.}" >"$work/$2.pod"
	mkdir -p "$work/logs/$2"
	value "$(cri RunPodSandbox "$(jq -c --arg h "$1" '{config: ., runtime_handler: $h}' "$work/$2.pod")" 2>&1)" .pod_sandbox_id
}
create() { # POD-NAME POD-ID NAME SCRIPT [JQ-FILTER]: prints its id
	value "$(cri CreateContainer "$(jq -c --arg p "$2" --arg n "$3" --arg s "$4" '{pod_sandbox_id: $p, sandbox_config: ., config: {metadata: {name: $n},
		image: {image: "localhost/box:1"}, command: ["sh", "-c", $s], log_path: ($n + ".log"),
		linux: {security_context: {namespace_options: {pid: 1}}, resources: {memory_limit_in_bytes: 67108864}}}}'" | ${5:-.}" "$work/$1.pod")" 2>&1)" .container_id
}
start() { cri StartContainer "{\"container_id\": \"$1\"}" 2>&1; }
state_of() { value "$(cri ContainerStatus "{\"container_id\": \"$1\"}" 2>&1)" .status.state; }
execute() { cri ExecSync "$(jq -nc --arg c "$1" --arg s "$2" '{container_id: $c, cmd: ["sh", "-c", $s], timeout: 20}')" 2>&1; }
in_ctr() { value "$(execute "$1" "$2")" '.stdout // ""' | sed '/^$/d'; }
ns_of() { in_ctr "$1" "readlink /proc/self/ns/$2"; }
fails() { # POD-NAME POD-ID NAME JQ-FILTER: a container that is refused; prints why, and removes it
	local id
	id=$(create "$1" "$2" "$3" true "$4")
	[[ $id =~ ^[0-9a-f]{64}$ ]] || { echo "$id"; return; }
	start "$id"
	cri RemoveContainer "{\"container_id\": \"$id\"}" >/dev/null 2>&1
}
mounts() { # CONTAINER-PATH HOST-PATH
	printf '.config.mounts += [{container_path: "%s", host_path: "%s"}]' "$1" "$2"
}
remove_pod() { cri StopPodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null && cri RemovePodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null; }
STAY='trap "exit 7" TERM; while :; do sleep 0.1; done'
left() {
	find /sys/fs/cgroup -type d -path "*/$n/*" -printf 'cgroup %p\n' 2>/dev/null
	find "$work/state/io.containerd.runtime.v2.task" -mindepth 2 -maxdepth 2 -printf 'task %p\n' 2>/dev/null
	find "$work/state/io.containerd.grpc.v1.cri/sandboxes" -mindepth 1 -maxdepth 1 -printf 'sandbox %p\n' 2>/dev/null
	[ ! -s "$work/ids" ] || { ls /run/containerd/runc/k8s.io 2>/dev/null | grep -Ff "$work/ids"; grep -Ff "$work/ids" /run/agentrt/.ids; }
	awk -v d="$work/state/" 'index($5, d) == 1 {print "mount " $5}' /proc/self/mountinfo
}

# A server that is nobody's, behind the bridge: one of its ports is allowed.
unshare -n sleep 1000 &
far=$!
far() { nsenter -n -t $far "$@"; }
sleep 0.2
ip link add far0 type veth peer name far1 && ip link set far1 netns $far && ip addr add 203.0.113.1/24 dev far0 && ip link set far0 up
far ip link set lo up && far ip addr add 203.0.113.9/24 dev far1 && far ip link set far1 up && far ip route add default via 203.0.113.1
mkdir "$work/www" && echo served >"$work/www/index.html"
servers=
for port in 8080 8082; do nsenter -n -t $far python3 -m http.server --directory "$work/www" $port >/dev/null 2>&1 & servers+=" $!"; done
for ((i = 0; i < 50; i++)); do far busybox nc -w 1 127.0.0.1 8080 </dev/null && far busybox nc -w 1 127.0.0.1 8082 </dev/null && break; sleep 0.2; done 2>/dev/null
GET='printf "GET /index.html HTTP/1.0\r\nHost: 203.0.113.9\r\n\r\n" | nc -w 5 203.0.113.9'

for p in oci agent; do
	a=$(sandbox $p a-$p '.linux.sysctls = {"net.ipv4.ip_default_ttl": "77"}')
	like "$p: RunPodSandbox" "$a" '^[0-9a-f]{64}$'
	[[ $a =~ ^[0-9a-f]{64}$ ]] || { tail -n 20 "$work/log"; echo "Bail out! no pod can be made"; exit 1; }
	is "$p: PodSandboxStatus: ready, with an address" "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$a\"}" | jq -r '"\(.status.state // 0) \(.status.network.ip | split(".")[:3] | join("."))"')" "0 10.99.79"
	one=$(create a-$p "$a" one "echo started; $STAY")
	two=$(create a-$p "$a" two "$STAY")
	like "$p: CreateContainer" "$one $two" '^[0-9a-f]{64} [0-9a-f]{64}$'
	is "$p: StartContainer" "$(start "$one")$(start "$two")" "{}{}"
	is "$p: ContainerStatus: running" "$(state_of "$one")$(state_of "$two")" 11
	printf '%s\n' "$a" "$one" "$two" >>"$work/ids"
	is "$p: ExecSync" "$(execute "$one" 'echo out; echo err >&2; exit 5' | jq -c '[.stdout, .stderr, .exit_code]')" '["out\n","err\n",5]'
	like "$p: ExecSync of what is not there" "$(cri ExecSync "{\"container_id\": \"$one\", \"cmd\": [\"nope\"]}" 2>&1)" 'executable file not found'
	for k in net ipc uts user; do is "$p: the containers share $k" "$(ns_of "$one" $k)" "$(ns_of "$two" $k)"; done
	unlike "$p: but not pid" "$(ns_of "$one" pid)" "$(ns_of "$two" pid | tr -d '[]')"
	is "$p: the pod's host name" "$(in_ctr "$one" hostname)" a-$p-host
	is "$p: the pod's shared memory" "$(in_ctr "$one" 'echo x >/dev/shm/f'; in_ctr "$two" 'cat /dev/shm/f')" x
	is "$p: a sysctl of the pod" "$(in_ctr "$two" 'cat /proc/sys/net/ipv4/ip_default_ttl')" 77
	in_ctr "$two" '(while :; do echo hello | nc -l -p 8088; done) >/dev/null 2>&1 &' >/dev/null
	is "$p: one reaches the other on localhost" "$(in_ctr "$one" 'for i in $(seq 50); do nc -w 2 127.0.0.1 8088 </dev/null && break; sleep 0.2; done')" hello
	like "$p: its output is in the log" "$(cat "$work/logs/a-$p/one.log")" 'stdout F started$'
	is "$p: ListContainerStats" "$(cri ListContainerStats "{\"filter\": {\"pod_sandbox_id\": \"$a\"}}" |
		jq -c '[.stats[] | select(.cpu.usage_core_nano_seconds.value > 0 and .memory.working_set_bytes.value > 0).attributes.metadata.name] | sort')" '["one","two"]'
	is "$p: UpdateContainerResources" "$(cri UpdateContainerResources "{\"container_id\": \"$one\", \"linux\": {\"memory_limit_in_bytes\": 83886080}}" 2>&1
		cat /sys/fs/cgroup/memory/"$n/$one"/memory.limit_in_bytes /sys/fs/cgroup/"$n/$one"/memory.max 2>/dev/null)" "{}"$'\n'83886080
	like "$p: a command that is not there: the runtime's words" "$(fails a-$p "$a" bad '.config.command = ["nope"]')" 'executable file not found in \$PATH'
	three=$(create a-$p "$a" three "$STAY" '.config.linux.security_context.namespace_options.pid = 2 | .config.linux.security_context.namespace_options.pid = 3 | .config.linux.security_context.namespace_options.target_id = "'"$two"'"')
	echo "$three" >>"$work/ids"
	is "$p: a container that looks at another one's processes (TARGET)" "$(start "$three")$(ns_of "$three" pid)" "{}$(ns_of "$two" pid)"
	cri StopContainer "{\"container_id\": \"$three\", \"timeout\": 0}" >/dev/null && cri RemoveContainer "{\"container_id\": \"$three\"}" >/dev/null

	if [ $p = agent ]; then
		like "agent: what the policy names is reached" "$(in_ctr "$one" "$GET 8080")" '^served$'
		unlike "agent: and nothing else" "$(in_ctr "$two" "$GET 8082")" '^served$'
		b=$(sandbox agent b)
		other=$(create b "$b" other "$STAY")
		start "$other" >/dev/null
		printf '%s\n' "$b" "$other" >>"$work/ids"
		for k in net ipc uts user; do unlike "agent: another pod has another $k" "$(ns_of "$other" $k)" "$(ns_of "$one" $k | tr -d '[]')"; done
		in_ctr "$other" '(while :; do echo ofb | nc -l -p 8083; done) >/dev/null 2>&1 &' >/dev/null
		is "agent: it reaches itself" "$(in_ctr "$other" 'for i in $(seq 50); do nc -w 2 127.0.0.1 8083 </dev/null && break; sleep 0.2; done')" ofb
		for to in 127.0.0.1 "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$b\"}" | jq -r .status.network.ip)"; do
			unlike "agent: and is not reached from the first at $to" "$(in_ctr "$one" "nc -w 2 $to 8083 </dev/null")" ofb
		done
		boxes=$work/root/io.containerd.grpc.v1.cri/sandboxes
		like "agent: another pod's files are refused" "$(fails a-$p "$a" f1 "$(mounts /etc/hosts "$boxes/$b/hosts")")" 'refused by rule mount\.engine'
		like "agent: and its shared memory" "$(fails a-$p "$a" f2 "$(mounts /dev/shm "$work/state/io.containerd.grpc.v1.cri/sandboxes/$b/shm")")" 'refused by rule mount\.engine'
		like "agent: also to who writes another sandbox into the annotations" \
			"$(fails a-$p "$a" f3 "$(mounts /etc/hosts "$boxes/$b/hosts") | .config.annotations = {\"io.kubernetes.cri.sandbox-id\": \"$b\"} | .sandbox_config.annotations = {\"io.kubernetes.cri.sandbox-id\": \"$b\"}")" 'refused by rule'
		like "agent: a container of another policy is refused" "$(fails a-$p "$a" f4 '.config.annotations = {"io.agentrt.egress.mode": "none"}')" 'refused by rule pod\.policy'
		like "agent: credentials of the host are refused" "$(fails a-$p "$a" f5 "$(mounts /k /etc/shadow)")" 'refused by rule mount\.'

		# The kubelet's directory for a pod.
		u=$work/kubelet/pods/uid-a-agent
		v=$u/volumes
		mkdir -p "$v/kubernetes.io~empty-dir/e" "$v/kubernetes.io~configmap/c" "$v/kubernetes.io~projected/t" "$v/kubernetes.io~secret/s" "$u/containers/vol" "$work/kubelet/pods/uid-b/volumes/kubernetes.io~empty-dir/e"
		chmod 777 "$v/kubernetes.io~empty-dir/e"
		echo token >"$v/kubernetes.io~projected/t/token"
		echo configured >"$v/kubernetes.io~configmap/c/key"
		touch "$u/containers/vol/0a1b" && chmod 666 "$u/containers/vol/0a1b"
		printf '127.0.0.1\tlocalhost\n' >"$u/etc-hosts"
		vol=$(create a-$p "$a" vol "$STAY" "$(mounts /e "$v/kubernetes.io~empty-dir/e") | $(mounts /c "$v/kubernetes.io~configmap/c") |
			$(mounts /var/run/secrets/kubernetes.io/serviceaccount "$v/kubernetes.io~projected/t") | $(mounts /etc/hosts "$u/etc-hosts") |
			$(mounts /dev/termination-log "$u/containers/vol/0a1b")")
		echo "$vol" >>"$work/ids"
		is "agent: a container with the pod's volumes starts" "$(start "$vol")" "{}"
		is "agent: an emptyDir can be written" "$(in_ctr "$vol" 'echo kept >/e/f; cat /e/f'; cat "$v/kubernetes.io~empty-dir/e/f")" kept$'\n'kept
		is "agent: its files are root's there and here" "$(in_ctr "$vol" 'stat -c %u /e/f'; stat -c %u "$v/kubernetes.io~empty-dir/e/f")" 0$'\n'0
		is "agent: a configMap is read" "$(in_ctr "$vol" 'cat /c/key')" configured
		is "agent: and not written" "$(in_ctr "$vol" 'echo x 2>/dev/null >/c/key; cat /c/key')" configured
		is "agent: the termination log is written" "$(in_ctr "$vol" 'echo why >/dev/termination-log'; cat "$u/containers/vol/0a1b")" why
		is "agent: a service account's token is not there" "$(in_ctr "$vol" 'cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null; echo no')" no
		like "agent: a secret volume is refused" "$(fails a-$p "$a" f6 "$(mounts /s "$v/kubernetes.io~secret/s")")" 'refused by rule mount\.engine'
		like "agent: another pod's emptyDir is refused" "$(fails a-$p "$a" f7 "$(mounts /e "$work/kubelet/pods/uid-b/volumes/kubernetes.io~empty-dir/e")")" 'refused by rule mount\.engine'
		ok "agent: the second pod is removed" remove_pod "$b"
	fi
	is "$p: StopContainer: TERM, and the status" "$(cri StopContainer "{\"container_id\": \"$one\", \"timeout\": 10}" 2>&1; cri ContainerStatus "{\"container_id\": \"$one\"}" | jq -c '[.status.state, .status.exit_code]')" "{}"$'\n'"[2,7]"
	is "$p: RemoveContainer" "$(cri RemoveContainer "{\"container_id\": \"$one\"}" 2>&1)" "{}"
	is "$p: StopPodSandbox" "$(cri StopPodSandbox "{\"pod_sandbox_id\": \"$a\"}" 2>&1)" "{}"
	is "$p: a container of a stopped pod has ended" "$(state_of "$two")" 2
	is "$p: RemovePodSandbox" "$(cri RemovePodSandbox "{\"pod_sandbox_id\": \"$a\"}" 2>&1)" "{}"

	# All processes of a pod in one pid namespace, and the host's network.
	s=$(sandbox $p s-$p '.linux.security_context.namespace_options = {pid: 0, network: 2} | .hostname = ""')
	in_s=$(create s-$p "$s" in "$STAY" '.config.linux.security_context.namespace_options = {pid: 0, network: 2}')
	printf '%s\n' "$s" "$in_s" >>"$work/ids"
	is "$p: a pod with one pid namespace, on the node's network" "$(start "$in_s")" "{}"
	like "$p: shows the sandbox's process" "$(in_ctr "$in_s" ps)" 'sleep 100000'
	if [ $p = oci ]; then
		is "oci: the node's network is the node's" "$(ns_of "$in_s" net)" "$(readlink /proc/self/ns/net)"
	else
		unlike "agent: the node's network is not what runs there" "$(ns_of "$in_s" net)" "$(readlink /proc/self/ns/net | tr -d '[]')"
	fi
	ok "$p: it is removed" remove_pod "$s"
	for ((i = 0; i < 20; i++)); do [ -z "$(left)" ] && break; sleep 0.2; done
	is "$p: nothing is left" "$(left)" ""
done
tap_done
