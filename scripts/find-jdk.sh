#!/bin/sh
# Prints the home of a JDK that can build elbo4j (25 or newer), or one line that says what to do.
#
# Order: JAVA_HOME, the java on PATH, then the usual folders (there the oldest that is new enough).
# ELBO4J_JDK_SEARCH, a list of folders separated by colons, replaces all of these; each one is a
# JDK or holds JDKs.
set -u
needed=25

# The feature release of the JDK in $1, or 0 when that is not a JDK.
version_of() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/java" ] || { echo 0; return; }
  text=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  [ -n "$text" ] || text=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
  echo "${text:-0}"
}

use_if_new_enough() {
  if [ -n "$1" ] && [ "$(version_of "$1")" -ge $needed ]; then
    echo "$1"
    exit 0
  fi
}

# The home of the java on PATH: asked of java itself, since PATH may hold a link or a shim.
home_of_path_java() {
  java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p'
}

# Prints "version home" of every JDK that is a folder of $1, is $1, or (macOS) lies one step deeper.
list_jdks() {
  for home in "$1" "$1"/* "$1"/*/Contents/Home "$1"/*/libexec/openjdk.jdk/Contents/Home; do
    [ -x "$home/bin/javac" ] && echo "$(version_of "$home") $home"
  done
}

if [ -n "${ELBO4J_JDK_SEARCH+set}" ]; then
  folders=$ELBO4J_JDK_SEARCH
else
  use_if_new_enough "${JAVA_HOME:-}"
  command -v java >/dev/null 2>&1 && use_if_new_enough "$(home_of_path_java)"
  folders="/usr/lib/jvm:/opt:/usr/java:/usr/local:${HOME:-/nowhere}/.sdkman/candidates/java"
  folders="$folders:${HOME:-/nowhere}/.jdks:/Library/Java/JavaVirtualMachines"
  folders="$folders:${HOME:-/nowhere}/Library/Java/JavaVirtualMachines:/opt/homebrew/opt"
fi

found=$(
  IFS=:
  for folder in $folders; do
    list_jdks "$folder"
  done | sort -n | awk -v needed=$needed '$1 >= needed { sub(/^[0-9]+ /, ""); print; exit }'
)
if [ -z "$found" ]; then
  echo "elbo4j needs JDK $needed or newer and found none: install one" \
    "(for example Temurin 25, https://adoptium.net) and set JAVA_HOME to its folder." >&2
  exit 1
fi
echo "$found"
