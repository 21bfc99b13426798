#!/usr/bin/env bash
# The demo that `make demo` runs once everything is built: the twin of a real book's authors.
#   TWIN_PACKAGES  folder with the models' packages (scripts/setup/fetch-models.sh prints it)
#   DEMO_EXIT=1    check the result and stop, instead of serving
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=$repo/build/demo
twin=("$repo/build/release/bin/twin" --home "$home")
question="How does a package move from Unstable to Testing and finally into Stable?"

section() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

mkdir -p "$home"
sed "s|@REPOSITORY@|$repo|" "$repo/examples/debian-handbook/twin.yaml" > "$home/twin.yaml.new"
# Keep the time of an unchanged file.
if cmp -s "$home/twin.yaml.new" "$home/twin.yaml"; then
  rm "$home/twin.yaml.new"
else
  mv "$home/twin.yaml.new" "$home/twin.yaml"
fi
export TWIN_MODELS_PACKAGES=${TWIN_PACKAGES:-}

section "Project folder: $home"
"${twin[@]}" doctor

# 3: some items failed and are listed; the rest is there.
status=0
run() {
  local code=0
  "${twin[@]}" "$@" || code=$?
  case $code in
    0) ;;
    3) status=3 ;;
    *) exit "$code" ;;
  esac
}

section "Sources into a tuned model: collect, index, dataset, train"
run train

section "A question: $question"
"${twin[@]}" ask "$question"

section "The rest of the line: preference data, evaluation"
run up --no-serve

section "Base against twin, on documents that training never saw"
"${twin[@]}" eval show

if [ "${DEMO_EXIT:-0}" = 1 ]; then
  section "Self-check: ten questions whose page is known"
  "${twin[@]}" eval questions "$repo/examples/debian-handbook/questions.yaml" --answers \
    --require-found 9 --require-cited 9
  section "Self-check passed"
  exit "$status"
fi

section "Serving"
exec "${twin[@]}" serve
