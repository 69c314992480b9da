#!/bin/bash
# Measures the kernels with JMH. Arguments: --smoke (check only), --save (write into bench/results), then those of JMH:
#   bench/run.sh gaussian -p backend=simd,reference          THREADS=2 bench/run.sh dense
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/build.sh
build
exec "$JAVA_HOME/bin/java" --add-modules jdk.incubator.vector \
  --sun-misc-unsafe-memory-access=allow -Xmx2g \
  -Delbo4j.threads="${THREADS:-1}" -Delbo4j.commit="$commit" -cp "$classes" \
  io.github.elbo4j.bench.kernel.Bench "$@"
