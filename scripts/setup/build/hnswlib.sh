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

# While it looks at a row's last link it fetches what the number behind it says: with a full list, four bytes beyond what
# is allocated for the upper layers.
sed -i 's/size_links_per_element_ \* curlevel + 1)/size_links_per_element_ * curlevel + sizeof(tableint))/' \
  "$out/include/hnswlib/hnswalg.h"
grep -q 'malloc(size_links_per_element_ \* curlevel + sizeof(tableint))' "$out/include/hnswlib/hnswalg.h"
