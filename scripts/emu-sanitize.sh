#!/bin/bash
# Runs the launches that emu-test recorded again, in several orders of threads, under a sanitizer: asan, ubsan or tsan.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
case $kind in asan | ubsan | tsan) ;; *) echo "usage: scripts/emu-sanitize.sh asan|ubsan|tsan" >&2; exit 2 ;; esac
[ -s target/launches.bin ] || { echo "emu-$kind: no target/launches.bin: run make emu-test first" >&2; exit 1; }
make -s -C cuda/emulator -j"$(nproc)" "build/$kind/replay"
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=report_signal_unsafe=0:halt_on_error=1
orders=3
[ "$kind" != tsan ] || orders=1 # slow, and what it finds does not depend on the order
printf '%s: ' "$kind"
exec "cuda/emulator/build/$kind/replay" target/launches.bin $orders
