#!/bin/bash
# Builds elbo4j and the benchmarks from this checkout; further arguments go to Maven. Sourced by the other scripts,
# from the root of the checkout: sets JAVA_HOME and leaves the class path in $classes.
JAVA_HOME=$(scripts/find-jdk.sh)
export JAVA_HOME

build() {
  scripts/mvn.sh -q -f bench/reactor.xml -Dmaven.test.skip=true package \
    -Dclass-path.file=class-path.txt "$@" >&2
  classes=bench/target/classes:$(cat bench/target/class-path.txt)
  commit=$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
}
