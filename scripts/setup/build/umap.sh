#!/usr/bin/env bash
# Unpacks the header-only libraries behind `twin index map`: build/umap.sh WORK OUT ARCHIVE
# OUT/include/{umappp,kmeans,irlba,knncolle,...}
set -euo pipefail
work=$1 out=$2 archive=$3
parts=(umappp kmeans irlba knncolle aarand subpar sanisizer Eigen)

cd "$work"
rm -rf unpack "$out"
mkdir -p unpack "$out/include" "$out/licenses"
tar -xzf "$archive" -C unpack --strip-components=3 --wildcards 'assorthead-*/src/assorthead/*'
for part in "${parts[@]}"; do
  cp -r "unpack/include/$part" "$out/include/"
  cat "unpack/licenses/$part"/* > "$out/licenses/$part"
done
