#!/bin/bash
# Measures the kernels with JMH, beside libtorch and EJML. Arguments: --smoke (check only), --save (write into bench/results),
# --quick (rough), --targets (what a ratio is asked of), --compared (what has a peer), then those of JMH, where the name of a package stands for its benchmarks:
#   bench/run.sh gaussian -p backend=simd,reference          THREADS=2 bench/run.sh dense          PEERS=0 bench/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/build.sh

smoke=false
case " $* " in *" --smoke "*) smoke=true ;; esac
# Half a gigabyte of natives is fetched to measure, not to check: there they are used where they lie already.
natives=("${MAVEN_REPOSITORY:-$HOME/.m2/repository}"/org/bytedeco/pytorch/*/pytorch-*-linux-x86_64.jar)
if ! peer_platform || { $smoke && [ ! -f "${natives[0]}" ]; }; then
  PEERS=${PEERS:-0}
fi
options=()
[ "${PEERS:-1}" = 0 ] || options+=(-Ppeers)
! $smoke || options+=(-Dbench.skipTests=false)
build ${options[@]+"${options[@]}"}

# One environment for both sides: THREADS threads, huge pages for the JVM's heap and for malloc, and the OpenBLAS that this
# CPU can run. JavaCPP would otherwise ask the system for the size of the process with each tensor that it makes.
clear_environment
export OMP_NUM_THREADS=${THREADS:-1} GLIBC_TUNABLES=glibc.malloc.hugetlb=1
if grep -qsw avx512f /proc/cpuinfo; then
  export OPENBLAS_CORETYPE=SkylakeX
fi
huge=()
[ "$(uname -s)" != Linux ] || huge=(-XX:+UseTransparentHugePages)
exec "$JAVA_HOME/bin/java" --add-modules jdk.incubator.vector \
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xms3g -Xmx3g \
  ${huge[@]+"${huge[@]}"} -Dorg.bytedeco.javacpp.nopointergc=true \
  -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 \
  -Delbo4j.threads="${THREADS:-1}" -Delbo4j.commit="$commit" -cp "$classes" \
  io.github.elbo4j.bench.kernel.Bench "$@"
