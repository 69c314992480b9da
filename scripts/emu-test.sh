#!/bin/bash
# The CUDA tests on a machine without a GPU: builds the stand-in driver from cuda/*.cu and runs every test
# tagged cuda on it. Records launches in target/launches.bin for the sanitizers (scripts/emu-sanitize.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v "${CXX:-g++}" >/dev/null || { echo "emu-test: ${CXX:-g++} is missing: install a C++17 compiler, or set CXX" >&2; exit 1; }
make -s -C cuda/emulator -j"$(nproc)"
mkdir -p target
rm -f target/launches.bin
export LD_LIBRARY_PATH=$PWD/cuda/emulator/build EMU_RECORD=$PWD/target/launches.bin
exec scripts/mvn.sh test -Dgroups=cuda -DexcludedTags=verify,allocation -DskipAllocation=true \
  -Delbo4j.cuda.exact=true "$@"
