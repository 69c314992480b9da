#!/bin/sh
# Makes target/elbo4j-gpu-check.tar.xz, which holds all that the check of a machine with a GPU needs, that machine having
# neither Java nor a network: target/dist, the cases of the tests, the benchmarks without their peers, bench/gpu/peer.py and
# a command, gpu-check. scripts/bundle.sh --folder leaves it at the folder, target/bundle/elbo4j-gpu-check.
set -eu
cd "$(dirname "$0")/.."
folder=target/bundle/elbo4j-gpu-check
archive=target/elbo4j-gpu-check.tar.xz
most=67108864 # bytes

scripts/dist.sh
scripts/mvn.sh -q -f bench/reactor.xml -DskipTests -DskipAllocation=true package -Dclass-path.file=class-path.txt

rm -rf target/bundle
mkdir -p "$folder/check/lib" "$folder/check/classes"
cp -R target/dist/. "$folder/"
# Classes in a folder, not in jars: the archive below sorts them.
cp -R bench/target/classes/. target/test-classes/. "$folder/check/classes/"
find "$folder/check/classes" \( -name '*Test.class' -o -name '*Test$*.class' -o -name '*Torch*.class' -o -name '*Ejml*.class' \) -delete
rm -rf "$folder/check/classes/META-INF"
find "$folder/check/classes" -type d -name jmh_generated -prune -exec rm -rf {} +
cp "$(tr ':' '\n' <bench/target/class-path.txt | grep '/jmh-core-')" "$folder/check/lib/"
cp bench/gpu/peer.py bench/gpu/gpu-check "$folder/"
chmod 755 "$folder/gpu-check" "$folder/peer.py"
git describe --always --dirty --exclude '*' >"$folder/check/commit" 2>/dev/null || echo unknown >"$folder/check/commit"
[ "${1:-}" != --folder ] || exit 0

# The same folder gives the same archive, whoever packs it and when.
tar --sort=name --mtime='2026-01-01 00:00:00Z' --owner=0 --group=0 --numeric-owner --format=ustar \
  --mode=u+rwX,go+rX,go-w -C target/bundle -cf - elbo4j-gpu-check | xz -T1 -6 >"$archive"
size=$(wc -c <"$archive")
[ "$size" -le "$most" ] || { echo "bundle.sh: $archive has $size bytes, more than $most" >&2; exit 1; }
echo "$archive is ready ($((size >> 20)) MiB): tar xJf it on a machine with a GPU, then elbo4j-gpu-check/gpu-check"
