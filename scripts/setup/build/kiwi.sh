#!/usr/bin/env bash
# Builds Kiwi, the Korean morphological analyser, as a shared library, and unpacks its model:
#   build/kiwi.sh WORK OUT KIWIPIEPY KIWIPIEPY-MODEL
# OUT/kiwi/libkiwi.so, OUT/kiwi/model/...: one folder, which Twin looks for beside its programs
#
# Twin never links it, but loads it through its C interface when asked to (core/text/kiwi.h). What the Python package
# adds around the C++ core is left in the archive.
set -euo pipefail
work=$1 out=$2 archive=$3 model=$4

cd "$work"
if [ ! -d src ]; then
  rm -rf unpack
  mkdir unpack
  tar -xzf "$archive" -C unpack --strip-components=2 --wildcards 'kiwipiepy-*/Kiwi/*'
  mv unpack src
fi

launcher=()
if command -v ccache > /dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
# -O2 instead of its own -O3: it builds in less time.
cmake -S src -B build -G Ninja "${launcher[@]}" -DCMAKE_BUILD_TYPE=None -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
  -DCMAKE_CXX_FLAGS='-O2 -DNDEBUG -DKIWI_USE_BTREE -w' -DCMAKE_C_FLAGS='-O2 -DNDEBUG -w' \
  -DKIWI_BUILD_DYNAMIC=ON -DKIWI_USE_MIMALLOC=OFF -DKIWI_USE_CPUINFO=ON \
  -DKIWI_BUILD_CLI=OFF -DKIWI_BUILD_EVALUATOR=OFF -DKIWI_BUILD_MODEL_BUILDER=OFF -DKIWI_BUILD_TEST=OFF
cmake --build build -j "${TWIN_JOBS:-2}" --target kiwi

rm -rf "$out"
mkdir -p "$out/kiwi/model" "$out/licenses"
cp build/libkiwi.so.*.*.* "$out/kiwi/libkiwi.so"
strip --strip-unneeded "$out/kiwi/libkiwi.so"
rm -rf unpack-model
mkdir unpack-model
tar -xzf "$model" -C unpack-model --strip-components=2 --wildcards 'kiwipiepy_model-*/kiwipiepy_model/*'
find unpack-model -type f ! -name '*.py' -exec cp -t "$out/kiwi/model" {} +
tar -xzf "$archive" -C unpack-model --strip-components=1 --wildcards '*/LICENSE.txt' '*/NOTICE'
cat unpack-model/NOTICE unpack-model/LICENSE.txt > "$out/licenses/kiwi"
