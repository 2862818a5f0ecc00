#!/bin/sh
# traffic-rootless.sh - real traffic under capture where the runtime belongs to an ordinary user: all of traffic.sh.
AGENTRT_TEST_ROOTLESS=1 exec "$(dirname "$0")/traffic.sh"
