#!/bin/bash
# Builds the jars twice, in two folders and two time zones, and fails unless they are equal to the
# byte.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/elbo4j-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

# $1: folder, $2: time zone. Copies what git knows or would add, builds it, lists the jars' digests.
build_in() (
  export TZ=$2
  mkdir -p "$1"
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
    tar cf - --null -T - | tar xf - -C "$1"
  cd "$1"
  scripts/mvn.sh -q -Dmaven.test.skip=true package >&2
  cd target
  sha256sum -- *.jar
)

build_in "$work/one" UTC >"$work/one.sha256"
build_in "$work/another/place" Asia/Tokyo >"$work/two.sha256"
if ! cmp -s "$work/one.sha256" "$work/two.sha256"; then
  echo "check-reproducible: two builds of one source differ:" >&2
  diff "$work/one.sha256" "$work/two.sha256" >&2 || true
  exit 1
fi
echo "check-reproducible: equal to the byte: $(awk '{ print $2 }' "$work/one.sha256" | xargs)"
