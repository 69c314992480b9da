#!/bin/bash
# Runs a command with an emulated CUDA device: builds the stand-in driver from cuda/*.cu and puts it where
# libcuda.so.1 is looked for. Records launches in target/launches.bin for scripts/emu-sanitize.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v "${CXX:-g++}" >/dev/null || { echo "emulator: ${CXX:-g++} is missing: install a C++17 compiler, or set CXX" >&2; exit 1; }
make -s -C cuda/emulator -j"$(nproc)"
mkdir -p target
rm -f target/launches.bin
export LD_LIBRARY_PATH=$PWD/cuda/emulator/build EMU_RECORD=$PWD/target/launches.bin
exec "$@"
