#!/bin/sh
# egress_veth.sh - the network of a container where bpf(2) is refused: everything of egress.sh, by way of namespace P.
AGENTRT_TEST_STEER=veth exec "$(dirname "$0")/egress.sh"
