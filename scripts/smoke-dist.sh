#!/bin/bash
# Runs target/dist/bin/elbo4j as on a machine without Java: help, a short training, an evaluation and
# a wrong call, and checks what each leaves behind.
set -euo pipefail
cd "$(dirname "$0")/.."
JAVA_HOME=$(scripts/find-jdk.sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/elbo4j-smoke.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

# A PATH with what the launcher calls and no java.
mkdir -p "$work/bin"
for tool in dirname readlink; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
elbo4j() { env -i HOME="$work" PATH="$work/bin" "$PWD/target/dist/bin/elbo4j" "$@"; }
# The checker runs on the JDK of the build; only elbo4j itself must do without one.
json() { "$JAVA_HOME/bin/java" -cp 'target/dist/lib/*' scripts/JsonLine.java "$@"; }
fail() {
  echo "smoke-dist: $1" >&2
  exit 1
}

elbo4j --help >"$work/help.txt"
for command in train evaluate sample reconstruct fit info selfcheck; do
  grep -q "$command" "$work/help.txt" || fail "--help does not name $command"
done

run=$work/run
elbo4j train --data embedded --epochs 1 --hidden 64 --latent 8 --seed 1 --out "$run" --json \
  >"$work/train.txt"
json epochs steps testElbo reconstruction kl activeUnits seconds backend run <"$work/train.txt"
for file in config.toml metrics.jsonl checkpoint.safetensors samples/epoch-0001.png; do
  [ -s "$run/$file" ] || fail "train left no $file"
done
json epoch step trainElbo testElbo reconstruction kl activeUnits seconds examplesPerSecond \
  <"$run/metrics.jsonl"

elbo4j evaluate --run "$run" --importance-samples 100 --json >"$work/evaluate.txt"
json split examples elbo 'logLikelihood>elbo' importanceSamples standardError activeUnits \
  <"$work/evaluate.txt"

# The environment is empty, so the locale is C; a folder's name need not be ASCII all the same.
odd="$work/läufe ☃"
elbo4j sample --run "$run" --count 4 --out "$work/grüße.png" >/dev/null
[ -s "$work/grüße.png" ] || fail "a file whose name is not ASCII is not written under that name"
elbo4j train --epochs 1 --hidden 8 --latent 2 --out "$odd" >/dev/null 2>&1 \
  || fail "a run folder whose name is not ASCII is refused"
[ -s "$odd/checkpoint.safetensors" ] || fail "train left nothing in $odd"

status=0
elbo4j train --no-such-option >/dev/null 2>"$work/usage.txt" || status=$?
[ $status -eq 2 ] || fail "a wrong option must exit with 2, not $status"
[ -s "$work/usage.txt" ] || fail "a wrong option is refused without a word"
status=0
elbo4j evaluate --run "$work/nothing-here" >/dev/null 2>"$work/missing.txt" || status=$?
[ $status -eq 1 ] || fail "a run folder that does not exist must exit with 1, not $status"
if grep -q '^	at ' "$work/missing.txt"; then fail "a failure shows a stack trace without --verbose"; fi
echo "smoke-dist: help, training, evaluation and exit codes are right, without an installed Java"
