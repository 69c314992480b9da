#!/bin/bash
# Every part of the toolbox, trained for three epochs on the embedded images and evaluated: a table in Markdown on
# standard output. The numbers depend on seed, backend and vector length alone.
#   bench/reproduce/toolbox.sh [--out FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
elbo4j=target/dist/bin/elbo4j
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
if [ "${1:-}" = --out ]; then
  trap - EXIT
  out=$2
fi
mkdir -p "$out"
[ -x $elbo4j ] || { echo "toolbox: $elbo4j is not there: make dist" >&2; exit 1; }
field() { sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" <<<"$2" | cut -c1-8; }
echo "| \`train --data embedded --epochs 3 --hidden 200\` … | test ELBO | log p(x), first 100 test images |"
echo "|---|---|---|"
n=0
while IFS= read -r flags; do
  n=$((n + 1))
  # shellcheck disable=SC2086
  trained=$($elbo4j train --data embedded --epochs 3 --hidden 200 $flags --out "$out/$n" --json 2>"$out/$n.log") ||
    { echo "toolbox: $flags: $(tail -1 "$out/$n.log")" >&2; exit 1; }
  judged=$($elbo4j evaluate --run "$out/$n" --importance-samples 100 --examples 100 --json 2>/dev/null)
  echo "| \`${flags:-(nothing else)}\` | $(field testElbo "$trained") | $(field logLikelihood "$judged") |"
done <<ROWS

--posterior full
--posterior planar:4
--posterior planar:4:shared
--posterior radial:4
--posterior householder:4
--posterior sylvester:4
--posterior nice:4
--posterior realnvp:4
--posterior spline:4
--posterior iaf:2
--posterior maf:2
--posterior hierarchical
--posterior vgp
--posterior layers:20,10
--posterior ladder:20,10
--posterior categorical:20x10 --estimator gumbel
--posterior categorical:20x10 --estimator st-gumbel
--posterior categorical:20x10 --estimator score
--posterior categorical:20x10 --estimator rebar
--posterior categorical:20x10 --estimator relax
--posterior categorical:20x10 --estimator vimco --objective iwae:4
--posterior binary:50 --estimator gumbel
--posterior concrete:10x10 --warmup 3
--prior gaussian
--prior mog:10
--prior vamp:50
--prior flow:4
--likelihood continuous-bernoulli
--likelihood gaussian
--likelihood gaussian-learned
--likelihood laplace
--likelihood categorical:16
--likelihood logistic256
--condition label
--objective elbo:mc
--objective beta:4
--objective capacity:10:25 --warmup 2
--objective iwae:5
--objective renyi:0.5:5
--objective vrmax:5
--objective chi:2:5
--objective tcvae:4
--objective factor:10
--objective dip:5
--objective mmd:10
--objective mmd:50:wae
--estimator stl
--estimator score
--objective iwae:5 --estimator dreg
--warmup 2
--warmup cyclical:2
--free-bits 0.5
ROWS
