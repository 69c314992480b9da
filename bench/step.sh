#!/bin/bash
# Times one training step of the classic VAE beside libtorch's: a process a measurement, taking turns.
#   bench/step.sh [--processes 5] [--warm-up 3] [--seconds 1.5] [--threads 1,2] [--out bench/results]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/build.sh
if ! peer_platform; then
  echo "step.sh: the peer's natives are for Linux on x86_64; this is $(uname -sm)" >&2
  exit 2
fi
build -Ppeers
clear_environment
exec "$JAVA_HOME/bin/java" -Delbo4j.commit="$commit" -cp "$classes" \
  io.github.elbo4j.bench.step.StepComparison "$@"
