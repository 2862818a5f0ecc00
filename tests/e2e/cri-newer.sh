#!/usr/bin/env bash
# cri-newer.sh - cri.sh beside this file, with the containerd of a newer Debian suite (2).
TEST_NEWER=1 exec "$(dirname "$0")/cri.sh"
