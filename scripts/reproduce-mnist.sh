#!/bin/bash
# The classic VAE (784-400-20, ReLU, Adam 1e-3, batch 128, 10 epochs) on MNIST with seeds 1, 2 and 3:
# negative test ELBO with grey pixels as probabilities and with pixels drawn anew each step, then the
# importance-weighted log-likelihood of 1,000 test images in a heap of 512 MB. Writes
# bench/results/mnist-<date>.md and .json and fails when a run misses its bound. About 10 minutes.
#
#   scripts/reproduce-mnist.sh [FOLDER]    FOLDER holds MNIST's four files; without it the known data
#                                          set mnist is used (ELBO4J_DATA, the cache or a download)
# Needs target/dist (make dist). The run folders are kept where RUNS says, and else removed.
set -euo pipefail
data=${1:-mnist}
[ "$data" = mnist ] || data=$(cd "$data" && pwd)
cd "$(dirname "$0")/.."
elbo4j=$PWD/target/dist/bin/elbo4j
[ -x "$elbo4j" ] || { echo "reproduce-mnist: target/dist is missing: run make dist first" >&2; exit 1; }

if [ -n "${RUNS:-}" ]; then
  work=$RUNS
  mkdir -p "$work"
else
  work=$(mktemp -d "${TMPDIR:-/tmp}/elbo4j-mnist.XXXXXX")
  trap 'rm -rf "$work"' EXIT
fi

model="--hidden 400 --latent 20 --activation relu --learning-rate 1e-3 --batch 128 --epochs 10"
number() { sed -n "s/.*\"$1\":\(-\{0,1\}[0-9.eE+-]*\).*/\1/p"; }
bound() { case $1 in none) echo 106.4 ;; dynamic) echo 102.4 ;; esac; }
cpu() {
  sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -1 | grep . ||
    sysctl -n machdep.cpu.brand_string 2>/dev/null || uname -m
}

missed=0
rows=
runs=
for binarize in none dynamic; do
  for seed in 1 2 3; do
    run=$work/$binarize-$seed
    # shellcheck disable=SC2086 # the model is split into flags on purpose
    train=$("$elbo4j" train --data "$data" $model --binarize $binarize --seed $seed --out "$run" --json)
    evaluate=$(ELBO4J_JAVA_OPTS=-Xmx512m "$elbo4j" evaluate --run "$run" \
      --importance-samples 5000 --examples 1000 --json)
    elbo=$(number testElbo <<<"$train")
    verdict=$(awk -v e="$elbo" -v b="$(bound $binarize)" 'BEGIN { print (-e <= b) ? "yes" : "NO" }')
    [ "$verdict" = yes ] || missed=1
    rows+=$(awk -v b=$binarize -v s=$seed -v e="$elbo" -v max="$(bound $binarize)" -v ok="$verdict" \
      -v r="$(number reconstruction <<<"$train")" -v k="$(number kl <<<"$train")" \
      -v t="$(number seconds <<<"$train")" -v e1="$(number elbo <<<"$evaluate")" \
      -v l="$(number logLikelihood <<<"$evaluate")" -v se="$(number standardError <<<"$evaluate")" \
      'BEGIN { printf "| %s | %d | %.2f | %.1f | %s | %.2f | %.2f | %.0f | %.2f | %.2f ± %.2f |",
               b, s, -e, max, ok, r, k, t, -e1, -l, se }')$'\n'
    runs+="${runs:+,}"$'\n    '"{\"binarize\":\"$binarize\",\"seed\":$seed,\"bound\":$(bound $binarize),"
    runs+="\"train\":$(sed 's/,"run":"[^"]*"//' <<<"$train"),\"evaluate\":$evaluate}"
    echo "$binarize, seed $seed: -ELBO ${elbo#-}, at most $(bound $binarize): $verdict" >&2
  done
done

date=$(date -u +%Y-%m-%d)
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit="$commit with changes"
info=$("$elbo4j" info --json)
java=$(sed 's/.*"java":"\([^"]*\)".*/\1/' <<<"$info")
simd=$(sed 's/.*"name":"simd","available":[a-z]*,"reason":"\([^"]*\)".*/\1/' <<<"$info")
mkdir -p bench/results
out=bench/results/mnist-$date
cat >"$out.json" <<EOF
{
  "date": "$date",
  "commit": "$commit",
  "cpu": "$(cpu)",
  "info": $info,
  "train": "elbo4j train --data mnist $model --binarize HOW --seed SEED --json",
  "evaluate": "ELBO4J_JAVA_OPTS=-Xmx512m elbo4j evaluate --importance-samples 5000 --examples 1000 --json",
  "runs": [$runs
  ]
}
EOF
cat >"$out.md" <<EOF
# MNIST, the classic VAE, $date

784–400–20, ReLU, Adam 1e-3, batch 128, 10 epochs; nats per image, lower is better. Made by
\`scripts/reproduce-mnist.sh\` at $commit on $(cpu), $(number processors <<<"$info") processors ($simd), $java.
The time is that of this machine on that day, whatever else it did.

    elbo4j train --data mnist $model --binarize HOW --seed SEED
    ELBO4J_JAVA_OPTS=-Xmx512m elbo4j evaluate --importance-samples 5000 --examples 1000

The first group is over all 10,000 test images, the second over the first 1,000 of them: −ELBO with one
sample an image, and the importance-weighted estimate of −log p(x) with 5,000 and its standard error
over the images.

| binarize | seed | −ELBO | at most | met | reconstruction | KL | seconds | −ELBO (1,000) | −log p(x) (1,000) |
|---|---|---|---|---|---|---|---|---|---|
$rows
EOF
sed -i.bak -e '${/^$/d;}' "$out.md" && rm -f "$out.md.bak"
echo "$out.md and .json are written" >&2
exit $missed
