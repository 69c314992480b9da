#!/bin/bash
# Builds the project in consumer/ with Maven as a stranger would, and fails when elbo4j brings
# another jar along or the program does not run on our jar alone. `make test` runs the program too,
# without Maven (ConsumerProjectTest).
set -euo pipefail
cd "$(dirname "$0")/.."
JAVA_HOME=$(scripts/find-jdk.sh)
export JAVA_HOME

# Our jar is installed below target/ and nowhere else: into a repository that holds nothing but it
# and links to what the user's repository has, so that nothing is downloaded twice.
user=${HOME:-/nonexistent}/.m2/repository
repository=$PWD/target/consumer-repository
rm -rf "$repository"
mkdir -p "$repository/io/github"
for entry in "$user"/* "$user"/io/* "$user"/io/github/*; do
  name=${entry#"$user"/}
  case $name in
    '*' | io | io/'*' | io/github | io/github/'*' | io/github/elbo4j) ;;
    *) ln -s "$entry" "$repository/$name" ;;
  esac
done
mvn() { scripts/mvn.sh -q -Dmaven.repo.local="$repository" "$@"; }
mvn -Dmaven.test.skip=true install
tree=target/consumer-dependencies.txt
mvn -f consumer/pom.xml compile dependency:tree -DoutputFile="$PWD/$tree"
if [ "$(wc -l <"$tree")" -ne 2 ] || ! grep -q ' io\.github\.elbo4j:elbo4j:jar:' "$tree"; then
  echo "check-consumer: a program that links elbo4j must inherit elbo4j alone, not:" >&2
  cat "$tree" >&2
  exit 1
fi
jar=$(ls target/elbo4j-*[0-9T].jar)
"$JAVA_HOME/bin/java" --add-modules jdk.incubator.vector -cp "$jar:consumer/target/classes" example.Main
echo "check-consumer: linked and run with nothing but $jar"
