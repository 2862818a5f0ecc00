#!/usr/bin/env bash
# syscalls.sh - the runtime is killed after, or refused, each of its system calls in turn (syscalls.py).
# AGENTRT: the program under test. SYSCALLS_EVERY: 1 for all of them; the default is a sample.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
inject=$(dirname "$agentrt")/tests/live/inject
[ -x "$inject" ] || { echo "1..0 # $inject is not built: make live-programs"; exit 1; }
work=$(mktemp -d /tmp/agentrt-syscalls.XXXXXX)
trap bundle_cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
if [ "$("$inject" 2>&1)" = "inject: not written for this processor" ]; then
	skip "system calls are killed and refused" "inject is not written for this processor"
	tap_done
	exit
fi
bundle box '.process.args = ["sleep", "1000"]'
"$here/live/syscalls.py" "$agentrt" "$inject" "$work" "-$$" "${SYSCALLS_EVERY:-7}"
