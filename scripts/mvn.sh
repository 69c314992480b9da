#!/bin/sh
# Runs Maven under a JDK that can build elbo4j, whatever the default java is.
set -eu
JAVA_HOME=$("$(dirname "$0")/find-jdk.sh")
export JAVA_HOME
if ! command -v mvn >/dev/null 2>&1; then
  echo "elbo4j is built with Maven and mvn is not on PATH:" \
    "install it (apt-get install maven, brew install maven, or https://maven.apache.org)." >&2
  exit 1
fi
# A jar records the permissions of what it packs: let them not depend on who builds it.
umask 022
# Maven's own libraries make JDK 25 print warnings that say nothing about this project.
quiet="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
MAVEN_OPTS="$quiet ${MAVEN_OPTS:-}" exec mvn --batch-mode --no-transfer-progress "$@"
