#!/bin/sh
# Checks and measures the CUDA backend on this machine's GPU and writes bench/results/<gpu>-<date>.{json,md}.
# BUNDLE=folder takes an unpacked bundle and builds nothing; OUT=folder writes elsewhere. Arguments: bench/gpu/gpu-check.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${BUNDLE:-}" ]; then
  scripts/bundle.sh --folder >&2
  BUNDLE=target/bundle/elbo4j-gpu-check
fi
OUT=${OUT:-bench/results}
export OUT
exec "$BUNDLE/gpu-check" "$@"
