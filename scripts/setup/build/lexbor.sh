#!/usr/bin/env bash
# Builds lexbor as a static library: build/lexbor.sh WORK OUT ARCHIVE
# OUT/include/lexbor/..., OUT/lib/liblexbor.a
#
# All modules: html and css for pages, selectors and encoding for extraction, url with
# punycode and unicode for canonical addresses. The linker takes only what is used.
set -euo pipefail
work=$1 out=$2 archive=$3

cd "$work"
if [ ! -d src ]; then
  rm -rf unpack
  mkdir unpack
  tar -xzf "$archive" -C unpack --strip-components=2 --wildcards 'selectolax-*/lexbor/*'
  mv unpack src
fi

launcher=()
if command -v ccache > /dev/null; then launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache); fi
cmake -S src -B build -G Ninja "${launcher[@]}" -DCMAKE_BUILD_TYPE=Release \
  -DLEXBOR_BUILD_SHARED=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
cmake --build build -j "${TWIN_JOBS:-2}"

rm -rf "$out"
mkdir -p "$out/lib" "$out/include" "$out/licenses"
cp build/liblexbor_static.a "$out/lib/liblexbor.a"
(cd src/source && find lexbor -name '*.h' -exec cp --parents -t "$out/include" {} +)
cat src/NOTICE src/LICENSE > "$out/licenses/lexbor"
