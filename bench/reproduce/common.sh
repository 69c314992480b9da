# What the scripts beside this file share; they source it.
#
#   SCRIPT [--budget quick|hour|full] [--data SPEC] [--out FOLDER]
#
# ELBO4J names the command line (default: target/dist/bin/elbo4j, made by make dist).
set -euo pipefail
export LC_ALL=C

name=$(basename "$0" .sh)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
elbo4j=${ELBO4J:-$root/target/dist/bin/elbo4j}
budget=quick
data=
work=

fail() { echo "$name: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 must have a value"
  case $1 in
    --budget) budget=$2 ;;
    --data) data=$2 ;;
    --out) work=$2 ;;
    *) fail "unknown $1: known are --budget quick|hour|full, --data SPEC, --out FOLDER" ;;
  esac
  shift 2
done
case $budget in
  quick) : "${data:=embedded}" ;;
  hour | full) : "${data:=mnist}" ;;
  *) fail "--budget $budget must be one of quick, hour, full" ;;
esac
[ -x "$elbo4j" ] || fail "$elbo4j is missing: run make dist first"
if [ -z "$work" ]; then
  work=$(mktemp -d "${TMPDIR:-/tmp}/elbo4j-$name.XXXXXX")
  trap 'rm -rf "$work"' EXIT
fi

# per_budget QUICK HOUR FULL: the value for the budget.
per_budget() {
  case $budget in quick) echo "$1" ;; hour) echo "$2" ;; full) echo "$3" ;; esac
}

number() { sed -n "s/.*\"$1\":\(-\{0,1\}[0-9.eE+-]*\).*/\1/p"; }

# The learning rate 1e-3 · 10^(-i/7) for 3^i epochs, i = 0 … 7, of Burda et al. 2016: 3,280 epochs.
burda="steps:1e=0.72,4e=0.52,13e=0.37,40e=0.27,121e=0.19,364e=0.14,1093e=0.1"

heading() {
  echo "budget $budget: $*"
  [ "$data" != embedded ] || echo "The data are other pictures than MNIST: no number can be near the published one."
  echo
  echo "| run | ours | standard error | published (MNIST) | seconds of training |"
  echo "|---|---|---|---|---|"
}

# row LABEL PUBLISHED MEASURE SAMPLES EXAMPLES FLAG...: trains with the flags and prints a row.
# MEASURE is logLikelihood or elbo; the negative of it is printed, in nats an image.
row() {
  local label=$1 published=$2 measure=$3 samples=$4 examples=$5 folder trained evaluated
  shift 5
  folder=$work/${label//[^a-zA-Z0-9.-]/_}
  trained=$("$elbo4j" train --data "$data" --out "$folder" --json --resume "$@")
  evaluated=$("$elbo4j" evaluate --run "$folder" --importance-samples "$samples" \
    --examples "$examples" --json)
  awk -v l="$label" -v p="$published" -v ours="$(number "$measure" <<<"$evaluated")" \
    -v se="$(number standardError <<<"$evaluated")" -v s="$(number seconds <<<"$trained")" \
    -v m="$measure" 'BEGIN {
      printf "| %s | %.2f | %s | %s | %.0f |\n", l, -ours, m == "elbo" ? "" : sprintf("%.2f", se), p, s }'
}
