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

section "The whole line: collect, index, dataset, train, evaluate"
status=0
"${twin[@]}" up --no-serve || status=$?
# 3: some items failed and are listed above; the rest is there.
if [ "$status" != 0 ] && [ "$status" != 3 ]; then exit "$status"; fi

section "A question: $question"
"${twin[@]}" ask "$question"

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
