#!/usr/bin/env bash
# conformance.sh - in the virtual machine: the conformance kit on another kernel, with cgroup v2 and all
# its controllers. PROBE: the kit's probe, compiled.
top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/conformance/run" --runtime "$(command -v agentrt-oci)" --probe "$PROBE" --timeout 120
