#!/usr/bin/env bash
# All tests, as `make test` runs them once everything is built.
#   TWIN_PACKAGES  folder with the models' packages (scripts/setup/fetch-models.sh prints it)
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"

# The models, pulled once into a registry that integration and end-to-end tests share.
models=$repo/build/test-models
mkdir -p "$models"
cat > "$models/twin.yaml" <<END
name: test-models
models:
  chat: smollm2
  embedding: minilm
  folder: $models
  packages: ${TWIN_PACKAGES:-}
END
build/release/bin/twin --home "$models" models pull > /dev/null

export TWIN_TEST_MODELS=$models
exec ctest --preset release "$@"
