#!/bin/bash
# Builds the project in consumer/ with Maven as a stranger would, and fails when elbo4j brings
# another jar along or the program does not run on our jar alone. `make test` runs the program too,
# without Maven (ConsumerProjectTest).
set -euo pipefail
cd "$(dirname "$0")/.."
JAVA_HOME=$(scripts/find-jdk.sh)
export JAVA_HOME

scripts/mvn.sh -q -Dmaven.test.skip=true install
tree=target/consumer-dependencies.txt
scripts/mvn.sh -q -f consumer/pom.xml compile dependency:tree -DoutputFile="$PWD/$tree"
if [ "$(wc -l <"$tree")" -ne 2 ] || ! grep -q ' io\.github\.elbo4j:elbo4j:jar:' "$tree"; then
  echo "check-consumer: a program that links elbo4j must inherit elbo4j alone, not:" >&2
  cat "$tree" >&2
  exit 1
fi
jar=$(ls target/elbo4j-*[0-9T].jar)
"$JAVA_HOME/bin/java" --add-modules jdk.incubator.vector -cp "$jar:consumer/target/classes" example.Main
echo "check-consumer: linked and run with nothing but $jar"
