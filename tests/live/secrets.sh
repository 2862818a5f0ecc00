#!/usr/bin/env bash
# secrets.sh - a marker in the environment is nowhere afterwards: not in the container, the state, a
# log, a message, another process, whatever failed on the way.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-secrets.XXXXXX)
trap 'bundle_cleanup' EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
mark=mArKeR$$zQ7xW9
n=sec-$$
seen=$work/seen # everything that was printed

# Every way in which a value is a secret: by name, by the token's form, in a URL.
secrets=$(jq -n --arg m "$mark" '["GH_TOKEN=" + $m, "MY_DB_PASSWORD=" + $m, "AWS_SECRET_ACCESS_KEY=" + $m,
	"PLAIN=https://user:" + $m + "@host.example/x", "OTHER=ghp_" + $m + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"HTTP_PROXY=http://u:" + $m + "@proxy:3128", "POSTGRES_PASSWORD=" + $m, "npm_config__auth=" + $m]')
with() { # NAME JQ-FILTER: a bundle with the secrets
	bundle "$1" ".process.env += $secrets | ${2:-.}"
}
# all output of each call is kept; the log of all calls, at debug level, is one file
go() { rt --debug --log "$work/log" --log-format json "$@" >>"$seen" 2>&1 </dev/null; }
places() { # where the marker could be: not the bundles, where the engine has put it
	echo "$work/state" "$work/log" "$seen"
	find /run/agentrt /var/lib/agentrt /var/cache/agentrt -name "*$n*" 2>/dev/null
}
nowhere() { # NAME
	local hits
	# shellcheck disable=SC2046
	hits=$(grep -rlaF -- "$mark" $(places) 2>/dev/null)
	is "$1: no file has the secret" "$hits" ""
}

# --- a life without failures
with life '.process.args = ["sleep", "100"]'
go create --bundle "$work/life" "$n"
nowhere "after create"
is "a created container waits without it" "$(tr '\0' '\n' <"/proc/$(rt state "$n" | jq .pid)/environ" 2>/dev/null | grep -cF "$mark")" 0
go start "$n"
pid=$(rt state "$n" | jq .pid)
is "its process has none" "$(tr '\0' '\n' <"/proc/$pid/environ" | grep -cF "$mark")" 0
egress=$(jq -r '.egressPid // .egress_pid // 0' "$work/state/$n/state.json")
is "the proxy neither" "$(cat "/proc/$egress/environ" "/proc/$egress/cmdline" 2>/dev/null | grep -caF "$mark")" 0
for how in "-e GH_TOKEN=$mark" "-e URL=ftp://u:$mark@h/" ; do
	# shellcheck disable=SC2086
	is "exec $how" "$(rt exec $how "$n" env 2>>"$seen" | grep -cF "$mark")" 0
done
jq -n --argjson s "$secrets" '{args: ["env"], cwd: "/", env: (["PATH=/bin"] + $s), user: {uid: 0, gid: 0}}' >"$work/p.json"
is "exec with a file" "$(rt exec --process "$work/p.json" "$n" 2>>"$seen" | grep -cF "$mark")" 0
go exec -e "GH_TOKEN=$mark" "$n" /nothing/there
go exec -e "GH_TOKEN=$mark" --cwd /nothing "$n" true
go exec -e "GH_TOKEN=$mark" --user x "$n" true
go exec --process "$work/nothing.json" "$n"
for c in "state $n" "ps $n" "events --stats $n" "list" "egress log $n" "pause $n" "resume $n"; do
	# shellcheck disable=SC2086
	go $c
done
nowhere "while it runs"
go kill "$n" KILL
go delete --force "$n"
nowhere "after delete"

# --- failures at every stage
fails() { # NAME JQ-FILTER [ARGUMENT...]
	with bad "$2"
	if go "${@:3}" run --bundle "$work/bad" "$n-bad"; then tap_result "$1 fails" 1 ""; fi
	nowhere "$1"
}
fails "a program that does not exist" '.process.args = ["/nothing"]'
fails "a mount that is refused" '.mounts += [{"destination": "/m", "type": "bind", "source": "/etc", "options": ["bind"]}]'
fails "a mount that does not exist" '.mounts += [{"destination": "/m", "type": "bind", "source": "/nothing/here", "options": ["bind"]}]'
fails "a config that is wrong behind it" '.process.user.uid = -1'
fails "an annotation that widens" '.annotations = {"io.agentrt.egress.mode": "engine"}'
fails "a hook that fails" '.hooks.createRuntime = [{"path": "/bin/false"}]'
fails "a hook in the container that fails" '.hooks.createContainer = [{"path": "/bin/false"}]'
fails "a profile that does not exist" . --profile nothere
fails "a variable without a name" ".process.env += [\"=$mark\"] | .process.args = [\"/nothing\"]"
bundle cut
printf '{"ociVersion": "1.0.2", "process": {"env": ["GH_TOKEN=%s", ' "$mark" >"$work/cut/config.json"
go run --bundle "$work/cut" "$n-cut"
printf '{"ociVersion": "1.0.2", "process": {"cwd": "/", "args": ["x"], "env": ["GH_TOKEN=%s\001"]}, "root": {"path": 3}}' "$mark" >"$work/cut/config.json"
go run --bundle "$work/cut" "$n-cut"
nowhere "configs that cannot be read"
with ex
go explain --bundle "$work/ex"
go explain --bundle "$work/ex" --json
nowhere "explain"

# --- what the program itself was started with
with own '.process.args = ["sh", "-c", "tr \"\\0\" \"\\n\" </proc/1/environ; env"]'
is "the runtime's own environment is not the container's" "$(GH_TOKEN=$mark AWS_SECRET_ACCESS_KEY=$mark rt run --bundle "$work/own" "$n-own" 2>&1 | grep -cF "$mark")" 0
with own2 '.process.args = ["sleep", "100"]'
GH_TOKEN=$mark go run -d --bundle "$work/own2" "$n-own2"
egress=$(jq -r '.egressPid // .egress_pid // 0' "$work/state/$n-own2/state.json")
ok "there is a proxy" test "$egress" -gt 1
is "nor the proxy's" "$(grep -caF "$mark" "/proc/$egress/environ")" 0
go delete --force "$n-own2"
nowhere "the runtime's own environment"

# --- strict, and images that need a password
echo '{"version": 1, "extends": "agent", "env": {"strict": true}}' >"$work/profiles/strict.json"
is "strict leaves what is listed" "$(in_box -p strict '.process.env = ["PATH=/bin", "LC_ALL=C", "FOO=bar", "LD_PRELOAD=/x.so"]' 'env | grep -E "^(PATH|LC_ALL|FOO|LD_PRELOAD)=" | sort | tr "\n" " "')" "LC_ALL=C PATH=/bin "
with pg
like "explain says what a database image needs" "$(rt explain --bundle "$work/pg")" 'images of PostgreSQL want it at their first start'
echo '{"version": 1, "extends": "agent", "env": {"allow": ["POSTGRES_PASSWORD"]}}' >"$work/profiles/pg.json"
is "and env.allow gives it" "$(in_box -p pg '.process.env += ["POSTGRES_PASSWORD=x1"]' 'echo $POSTGRES_PASSWORD')" x1
is "nothing is left" "$(rt list -q | wc -l)" 0
tap_done
