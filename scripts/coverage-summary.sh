#!/bin/sh
# Prints the line coverage of every top package from JaCoCo's report, if there is one.
report=$(dirname "$0")/../target/site/jacoco/jacoco.csv
[ -f "$report" ] || exit 0
awk -F, 'NR > 1 {
    split($2, name, ".")
    missed[name[4]] += $8
    covered[name[4]] += $9
  }
  END {
    for (part in missed) {
      lines = missed[part] + covered[part]
      if (lines > 0) {
        printf "coverage: %-9s %5.1f %% of %d lines\n", part, 100 * covered[part] / lines, lines
      }
    }
  }' "$report" | sort
