#!/bin/bash
# Every planted mistake of bugs.cu must be found by what its comment names; exit 1 where one is not.
cd "$(dirname "$0")"
make -s build/asan/bugs build/ubsan/bugs build/tsan/bugs || exit 1
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=report_signal_unsafe=0
failed=0 found=0
check() { # kernel, finder
  case $2 in
    asan) output=$(build/asan/bugs "$1" 2>&1); grep -q AddressSanitizer <<<"$output" ;;
    ubsan) output=$(build/ubsan/bugs "$1" 2>&1); grep -q "runtime error.*misaligned" <<<"$output" ;;
    tsan) output=$(build/tsan/bugs "$1" 2>&1); grep -q "ThreadSanitizer: data race" <<<"$output" ;;
    order | launch | nan) output=$(build/ubsan/bugs "$1" 2>&1); grep -q "^$2:" <<<"$output" ;;
    *) echo "check-bugs: no finder $2" >&2; return 1 ;;
  esac
}
while read -r finders && read -r kernel; do
  for finder in ${finders//,/}; do
    if check "$kernel" "$finder"; then
      found=$((found + 1))
    else
      echo "check-bugs: $finder does not find $kernel" >&2
      failed=1
    fi
  done
done < <(awk '/^\/\/ [a-z, ]*: /{split($0,a,": "); sub(/^\/\/ /,"",a[1]); line=a[1]} /__global__ void bug_/{match($0,/bug_[a-z_]*/); print line; print substr($0,RSTART,RLENGTH)}' bugs.cu)
echo "check-bugs: $found findings in $(grep -c '__global__ void bug_' bugs.cu) planted mistakes"
[ $failed -eq 0 ] && [ $found -gt 0 ]
