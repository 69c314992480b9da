#!/bin/bash
# Runs the bundle's gpu-check on an emulated device with the smallest sizes, as on a machine without Java, and checks what it
# says and writes; then without a device, and peer.py without PyTorch. Needs target/bundle (make bundle), g++ and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
bundle=$PWD/target/bundle/elbo4j-gpu-check
work=$(mktemp -d "${TMPDIR:-/tmp}/elbo4j-gpu-check.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
driver= PYTHON=python3
fail() {
  echo "check-gpu-check: $1" >&2
  exit 1
}
[ -x "$bundle/gpu-check" ] || fail "no $bundle: run make bundle first"
make -s -C cuda/emulator -j"$(nproc)"

# A PATH with what the command calls, and no java.
mkdir -p "$work/bin"
for tool in cat dirname; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
check() { env -i HOME="$work" OUT="$work/out" PATH="$work/bin" PYTHON="$PYTHON" ${driver:+"LD_LIBRARY_PATH=$driver"} "$@"; }

status=0
check "$bundle/gpu-check" --smoke >"$work/none.txt" 2>&1 || status=$?
[ $status -eq 1 ] || fail "without a GPU it ends with status $status, not 1"
[ "$(grep -c . "$work/none.txt")" -eq 1 ] && grep -q 'no NVIDIA GPU' "$work/none.txt" || fail "without a GPU it says: $(cat "$work/none.txt")"

status=0
check "$bundle/gpu-check" --nonsense >/dev/null 2>&1 || status=$?
[ $status -eq 2 ] || fail "a wrong option ends with status $status, not 2"

if command -v python3 >/dev/null; then
  PYTHON=$(python3 -c "import sys; print(sys.executable)") # not a shim, which would need more on the PATH
fi
driver=$PWD/cuda/emulator/build
check "$bundle/gpu-check" --smoke >"$work/smoke.txt" 2>"$work/smoke.log" ||
  fail "on the emulated device: $(tail -20 "$work/smoke.log") $(tail -40 "$work/smoke.txt")"
json=("$work"/out/*.json)
page=("$work"/out/*.md)
[ -s "${json[0]}" ] && [ -s "${page[0]}" ] || fail "it left no results: $(ls "$work/out")"
grep -q 'Not a GPU' "${page[0]}" || fail "its page does not say that this was no GPU"
if ! command -v python3 >/dev/null; then
  echo "check-gpu-check: python3 is missing: the fields of the results were not checked"
  exit 0
fi
python3 - "${json[0]}" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
def want(condition, what):
    if not condition:
        sys.exit("check-gpu-check: " + what)
want(result["passed"] is True and result["emulated"] is True, "passed and emulated must be true")
want({v["reached"] for v in result["verdicts"]} <= {"yes", "no", "not measured"} and len(result["verdicts"]) == 7, "verdicts")
parts = {p["part"]: p for p in result["parts"]}
rows = result["rows"]
want(parts["parity"]["items"] > 100 and parts["parity"]["whole"], "parity")
for part, row in (("load", "module"), ("kernels", "kernel"), ("gemm own", "kernel"), ("steps launch by launch", "step"), ("steps as graphs", "step")):
    want(parts[part]["whole"] and not parts[part]["failures"], f"{part}: {parts[part]} {[r for r in rows[part] if 'error' in r][:3]}")
    want(any(row in r for r in rows[part]), f"{part} has no {row}")
for part, replayed in (("steps launch by launch", False), ("steps as graphs", True)):
    want(all(r["replayed"] is replayed for r in rows[part]), f"{part}: {rows[part]}")
hooks = {hook for r in rows["kernels"] for hook in r.get("hooks", "").split()}
want(len(hooks) > 120, f"{len(hooks)} hooks measured")
for r in rows["kernels"]:
    if "kernel" in r:
        want(r["micros"] > 0 and r["bytes"] > 0 and r["runs"] > 1, f"a row: {r}")
want(len(rows["peer"]) == 1 and ("reason" in rows["peer"][0]), f"peer: {rows['peer']}")
print(f"check-gpu-check: {parts['parity']['items']} cases, {len(hooks)} hooks, steps and report on the emulated device")
PYTHON
