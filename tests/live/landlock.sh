#!/usr/bin/env bash
# landlock.sh - the second fence: what a Landlock domain refuses, what it leaves alone, and who has one.
# AGENTRT: the program under test. ABSTRACT: tests/live/abstract.c, compiled, where there is no compiler.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-landlock.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
abi=$("$agentrt" check --json | jq -r '.features[] | select(.feature == "Landlock").detail' | grep -oE 'ABI [0-9]+' | cut -d' ' -f2)
[ "${abi:-0}" -ge 2 ] || { echo "1..0 # SKIP this kernel's Landlock (ABI ${abi:-0}) holds no files"; exit 0; }
bundle_setup
cp "${ABSTRACT:-}" "$work/rootfs/bin/abstract" 2>/dev/null ||
	cc -O2 -static -o "$work/rootfs/bin/abstract" "$here/live/abstract.c" -lrt 2>/dev/null || no_compiler=1
chmod 755 "$work"
mkdir "$work/outside"
echo leaked >"$work/outside/file"
chmod 777 "$work/outside"
chmod 666 "$work/outside/file"
# What the profile itself refuses to hand over is handed over: a mistake of the first fence.
loose='"process": {"screen": false}'
profile() { echo "{\"version\": 1, \"extends\": \"agent\", $2}" >"$work/profiles/$1.json"; }
profile loose "$loose"
profile files "$loose, \"landlock\": {\"files\": true}"
echo "{\"version\": 1, \"extends\": \"agent-strict\", $loose}" >"$work/profiles/strict.json"
profile scope '"landlock": {"scope": true}'
profile tcp '"landlock": {"tcp": true, "ports": [7000]}, "egress": {"mode": "none"}'
profile nested '"nested": true, "landlock": {"files": true, "scope": true}'
profile sudo '"process": {"screen": false, "noNewPrivileges": false}, "landlock": {"files": true, "scope": true}'

# --- files: a directory of the host behind a descriptor that should not be there
leak() { # PROFILE SCRIPT
	bundle leak . "$2"
	rt --profile "$1" run --preserve-fds 1 --bundle "$work/leak" "leak-$$" 3<"$work/outside" 2>&1 | grep -v '^agentrt: profile'
}
is "without a domain a leaked descriptor is a way out" "$(leak loose 'cat /proc/self/fd/3/file')" leaked
like "files: it is not" "$(leak files 'cat /proc/self/fd/3/file')" 'Permission denied$'
like "files: nor to be listed" "$(leak files 'ls /proc/self/fd/3/')" 'Permission denied$'
leak files 'echo x >/proc/self/fd/3/new; echo x >>/proc/self/fd/3/file; rm -f /proc/self/fd/3/file; mkdir /proc/self/fd/3/d' >/dev/null
is "files: nor to be written to" "$(ls "$work/outside"; cat "$work/outside/file")" "$(printf 'file\nleaked')"
like "agent-strict has that domain" "$(leak strict 'cat /proc/self/fd/3/file')" 'Permission denied$'
like "setuid programs allowed: the domain is entered all the same" "$(leak sudo 'cat /proc/self/fd/3/file')" 'Permission denied$'
exec_leak() { # PROFILE
	bundle main . 'sleep 60'
	rt --profile "$1" run -d --bundle "$work/main" "main-$$" >/dev/null 2>&1 </dev/null
	rt exec --preserve-fds 1 "main-$$" cat /proc/self/fd/3/file 3<"$work/outside" 2>&1 | grep -v '^agentrt: profile'
	rt delete --force "main-$$"
}
is "exec without a domain: the same" "$(exec_leak loose)" leaked
like "exec: it has a domain of its own" "$(exec_leak files)" 'Permission denied$'

# --- files: what must go on working
inside='set -e; mkdir -p /tmp/a/b; echo x >/tmp/a/f; mv /tmp/a/f /tmp/a/b/f; ln /tmp/a/b/f /tmp/a/g; ln -s b/f /tmp/a/h
	: >/tmp/a/b/f; cat /proc/self/status >/dev/null; echo x >/dev/null; rm -r /tmp/a; sh -c "echo alive"'
is "files: what is inside works as before" "$(in_box -p files "$inside" 2>&1 | grep -v '^agentrt: profile')" alive
: >"$work/out"
chmod 666 "$work/out"
bundle own . 'echo again >>/dev/stdout'
rt --profile files run --bundle "$work/own" "own-$$" >"$work/out" 2>/dev/null
is "files: a file of the host that is the standard output may be opened again" "$(cat "$work/out")" again
mkdir "$work/project"
bundle proj ".mounts += [{\"destination\": \"/p\", \"type\": \"bind\", \"source\": \"$work/project\", \"options\": [\"rbind\"]}]" 'mkdir /p/d && echo x >/p/d/f && mv /p/d/f /p/f && cat /p/f'
chown 1000:1000 "$work/project"
is "files: a project is inside" "$(rt --profile files run --bundle "$work/proj" "proj-$$" 2>/dev/null)" x
[ -n "${no_compiler:-}" ] && skip "files: message queues work" "no C compiler that links statically" ||
	is "files: message queues work" "$(in_box -p files 'abstract queue /q' 2>/dev/null)" ok
is "nested: no domain about files, so programs inside can mount" \
	"$(rt --profile nested explain --json -b "$work/own" 2>/dev/null | jq -c '[.ops[] | select(.op == "landlock").args.fs // empty]')" '[]'
like "nested: explain says so" "$(rt --profile nested explain -b "$work/own" 2>/dev/null)" 'left out: where the profile says nested'

# --- scope
main() { # PROFILE: a container with a process of another exec in it
	rt delete --force "main-$$" >/dev/null 2>&1
	bundle main . 'abstract listen name & sleep 60'
	rt --profile "$1" run -d --bundle "$work/main" "main-$$" >/dev/null 2>&1 </dev/null
	sleep 0.3
}
if [ "$abi" -lt 6 ]; then
	skip "scope" "this kernel's Landlock (ABI $abi) has none"
elif [ -n "${no_compiler:-}" ]; then
	skip "scope" "no C compiler that links statically"
else
	main agent
	is "without a domain an abstract socket of another exec can be connected to" "$(rt exec "main-$$" abstract connect name)" ok
	is "and its processes signalled" "$(rt exec "main-$$" sh -c 'kill -0 1 && echo ok' 2>&1)" ok
	is "and looked into" "$(rt exec "main-$$" readlink /proc/1/cwd 2>&1)" /
	main scope
	is "scope: an abstract socket of another exec cannot" "$(rt exec "main-$$" abstract connect name)" "Operation not permitted"
	like "scope: nor can a process be signalled" "$(rt exec "main-$$" sh -c 'kill -0 1; kill -9 -1' 2>&1)" 'Operation not permitted|not permitted'
	is "scope: which lives on" "$(rt state "main-$$" | jq -r .status)" running
	is "any domain: another's processes are not looked into" "$(rt exec "main-$$" readlink /proc/1/cwd 2>&1)" ""
	is "scope: one's own sockets and processes are reached" \
		"$(rt exec "main-$$" sh -c 'abstract listen own >/tmp/ready & for i in 1 2 3 4 5 6 7 8 9; do grep -q ready /tmp/ready && break; sleep 0.1; done; abstract connect own; kill $! && echo killed' 2>/dev/null)" "$(printf 'ok\nkilled')"
	rt kill "main-$$" KILL
	for ((i = 0; i < 50; i++)); do [ "$(rt state "main-$$" | jq -r .status)" = stopped ] && break; sleep 0.1; done
	is "scope: the engine's signals arrive" "$(rt state "main-$$" | jq -r .status)" stopped
	rt delete --force "main-$$"
fi

# --- tcp
if [ "$abi" -lt 4 ]; then
	skip "tcp" "this kernel's Landlock (ABI $abi) has none"
else
	like "tcp: a port that is not listed is not connected to" "$(in_box -p tcp 'nc 127.0.0.1 7001 </dev/null' 2>&1)" 'Permission denied'
	like "tcp: nor bound" "$(in_box -p tcp 'timeout 1 nc -l -p 7001' 2>&1)" 'Permission denied'
	is "tcp: one that is listed is both" \
		"$(in_box -p tcp 'echo hello | nc -l -p 7000 & for i in 1 2 3 4 5 6 7 8 9; do nc 127.0.0.1 7000 </dev/null && break; sleep 0.1; done' 2>/dev/null)" hello
	like "without: any port" "$(in_box -p agent 'nc 127.0.0.1 7001 </dev/null' 2>&1)" 'refused'
fi

# --- who says so
explain() { rt --profile "$1" explain -b "$work/own" 2>/dev/null; }
like "explain shows the fence" "$(explain agent-strict)" 'safe +Landlock: no file outside the root.*landlock.files'
like "and that there is none" "$(explain agent)" 'open +no second fence \(Landlock\)'
bundle ask '.annotations["io.agentrt.landlock.files"] = "true"' :
like "an annotation may ask for it" "$(rt explain -b "$work/ask" 2>/dev/null)" 'Landlock: no file outside the root'
bundle ask '.annotations["io.agentrt.landlock.files"] = "false"' :
like "but not take it away" "$(rt --profile agent-strict explain -b "$work/ask" 2>&1)" 'asks for more than profile agent-strict'
is "nothing is left behind" "$(left_of "-$$")" ""
tap_done
