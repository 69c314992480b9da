#!/bin/bash
# Compares two files of kernel results and names what changed outside its error bars: bench/compare.sh OLD.json NEW.json
# Status 1 where a kernel has become slower, 2 where the files cannot be compared.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ ! -s "$root/bench/target/class-path.txt" ]; then
  (cd "$root" && . bench/build.sh && build)
fi
JAVA_HOME=$("$root/scripts/find-jdk.sh")
exec "$JAVA_HOME/bin/java" -cp "$root/bench/target/classes:$(cat "$root/bench/target/class-path.txt")" \
  io.github.elbo4j.bench.report.Compare "$@"
