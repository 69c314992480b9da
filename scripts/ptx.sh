#!/bin/bash
# Rebuilds the PTX that ships in the jar from cuda/*.cu, with nvcc, for compute capability 7.5 and newer
# (*_tf32.cu, for tensor cores, 8.0):
# scripts/ptx.sh [folder instead of the resources]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-src/main/resources/io/github/elbo4j/cuda}
nvcc=${NVCC:-nvcc}
command -v "$nvcc" >/dev/null || { echo "ptx: $nvcc is missing: install the CUDA toolkit 13, or set NVCC" >&2; exit 1; }
mkdir -p "$out"
compile() {
  local stem=$(basename "$1" .cu) capability=75
  [[ $stem != *_tf32 ]] || capability=80
  # Products and sums are contracted where the source says fmaf and nowhere else: two kernels that promise
  # the same bits must not depend on what the compiler, or the driver's assembler, makes of either.
  "$nvcc" -std=c++17 -O3 -fmad=false -arch=compute_$capability -ptx -o "$out/$stem.ptx.new" "$1"
  # The oldest instruction set version that the assemblers of CUDA 12 and 13 both take, without hints newer
  # than that, and without comments.
  sed -E 's/^\.version .*/.version 7.0/; /used_bytes_mask/d; s,//.*$,,; /^[[:space:]]*$/d' "$out/$stem.ptx.new" >"$out/$stem.ptx"
  rm "$out/$stem.ptx.new"
}
export -f compile
export nvcc out
printf '%s\n' cuda/*.cu | xargs -P "$(nproc)" -I{} bash -ec 'compile {}'
# Another version makes other text of the same sources: PtxTest compares only what this one made.
"$nvcc" --version | grep -oE 'V[0-9]+(\.[0-9]+)+' >"$out/compiler.txt"
LC_ALL=C
cat cuda/*.cu cuda/*.cuh | sha256sum | cut -d' ' -f1 >"$out/sources.sha256"
