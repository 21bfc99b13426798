#!/usr/bin/env bash
# Looks for inputs that crash a parser of foreign bytes: scripts/fuzz.sh [--no-build] [TARGET|all] [SECONDS]
#
# Seeds are tests/fuzz/corpus/TARGET; what the fuzzer finds interesting is kept in build/fuzz/corpus/TARGET for the next
# run. JOBS targets run at once (one a core, unless it is set). A finding is written to build/fuzz/findings/ and ends
# the run with 1; once mended, it belongs among the seeds.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"

if [ "${1:-}" = --no-build ]; then
  shift
else
  [ -f build/fuzz/build.ninja ] || cmake --preset fuzz
  cmake --build --preset fuzz --target twin_fuzz -j "${JOBS:-$(nproc)}"
fi
target=${1:-all} seconds=${2:-60}
program=build/fuzz/bin/twin_fuzz

if [ "$target" = all ]; then
  readarray -t targets < <("$program" --targets)
else
  targets=("$target")
fi

# Libraries of C allocate once and keep it: leaks of a single input are looked for, not those of the process.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}

# One target to its end; prints one line, returns 1 when something was found.
fuzz() {
  local id=$1 log=build/fuzz/findings/$1.log
  mkdir -p "build/fuzz/corpus/$id" build/fuzz/findings
  if "$program" "--target=$id" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$id-" \
    "build/fuzz/corpus/$id" "tests/fuzz/corpus/$id" > "$log" 2>&1; then
    awk -v id="$id" '/number_of_executed_units/ { runs = $2 } /^#.* cov: / { cov = $0 }
      END { sub(/.* cov: /, "", cov); sub(/ .*/, "", cov)
            printf "%-16s %s inputs, %s edges, nothing found\n", id, runs, cov }' "$log"
  else
    printf '%-16s FOUND: %s\n%s\n' "$id" "$log" \
      "$(grep -aE 'ERROR|SUMMARY|does not hold|runtime error' "$log" | head -n 5 || true)"
    return 1
  fi
}

for id in "${targets[@]}"; do
  [ -d "tests/fuzz/corpus/$id" ] || { echo "fuzz: $id has no seeds in tests/fuzz/corpus/$id" >&2; exit 1; }
done
export -f fuzz
export program seconds
printf '%s\n' "${targets[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz {}' ||
  { echo "fuzz: findings, see above" >&2; exit 1; }
