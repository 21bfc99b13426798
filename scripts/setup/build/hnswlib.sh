#!/usr/bin/env bash
# The headers of hnswlib: build/hnswlib.sh WORK OUT ARCHIVE
# OUT/include/hnswlib/*.h
set -euo pipefail
work=$1 out=$2 archive=$3

cd "$work"
rm -rf src "$out"
mkdir -p src "$out/include" "$out/licenses"
tar -xzf "$archive" -C src --strip-components=1
cp -r src/hnswlib "$out/include/"
cp src/LICENSE "$out/licenses/hnswlib"
