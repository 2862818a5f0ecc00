#!/usr/bin/env bash
# conformance.sh - in the virtual machine: the cases of the conformance kit that depend on the kernel's
# version or on cgroup v2 with all its controllers. PROBE: the kit's probe, compiled.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
filters=()
for f in 'cgroups/*' 'mounts/idmap*' 'mounts/cgroup*'; do filters+=(--filter "$f"); done
exec "$top/conformance/run" --runtime "$(command -v agentrt-oci)" --probe "$PROBE" --timeout 120 "${filters[@]}"
