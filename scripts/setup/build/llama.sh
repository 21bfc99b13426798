#!/usr/bin/env bash
# Builds llama.cpp's workers: build/llama.sh WORK OUT ARCHIVE
#
# OUT/bin       llama-server, llama-quantize, the libraries and CPU back ends they load:
#               one folder, because ggml looks for back ends beside the executable
# OUT/include   ggml.h, gguf.h and their kin, for our own programs that read GGUF
# OUT/licenses  texts for the package
#
# Runs on any x86-64 machine: back ends for several processor generations are built, and
# ggml loads the best one that the processor can run.
set -euo pipefail
work=$1 out=$2 archive=$3

# Of the 14 generations that llama.cpp knows these differ by an instruction set that pays
# for quantized models; each costs 10 to 15 s of build time on two cores.
variants='x64|haswell|alderlake|cascadelake|icelake|sapphirerapids'

cd "$work"
if [ ! -d src ]; then
  rm -rf unpack
  mkdir unpack
  tar -xzf "$archive" -C unpack --strip-components=3 --wildcards '*/vendor/llama.cpp/*'
  # The list of variants is no option upstream: it is a run of calls, of which we keep ours.
  # Calls for other processor families stand in other branches and are left alone.
  list=unpack/ggml/src/CMakeLists.txt
  sed -i -E "/SYSTEM_ARCH STREQUAL \"x86\"/,/SYSTEM_ARCH STREQUAL \"ARM\"/{
    /^ *ggml_add_cpu_backend_variant\(($variants)[ )]/!{/^ *ggml_add_cpu_backend_variant\(/d}}" "$list"
  for name in ${variants//|/ }; do
    grep -qE "ggml_add_cpu_backend_variant\(${name}[ )]" "$list" || { echo "no CPU variant '$name' in llama.cpp" >&2; exit 1; }
  done
  # g++ 12 does not know that ldtilecfg reads all of the structure, so it drops most of the
  # stores before it, and the first AMX instruction is illegal. Its address is let escape.
  amx=unpack/ggml/src/ggml-cpu/amx/mmq.cpp
  grep -q '_tile_loadconfig(&tc);' "$amx" || { echo "the AMX code of llama.cpp changed" >&2; exit 1; }
  sed -i 's/_tile_loadconfig(&tc);/__asm__ volatile("" : : "r"(\&tc) : "memory"); &/' "$amx"
  # Half of the compiling is templates of C++ around the models (chat formats, JSON, HTTP). What runs for each token is in
  # ggml and libllama; the rest is compiled in half the time with few optimizations.
  for part in common tools; do
    [ -f "unpack/$part/CMakeLists.txt" ] || { echo "no folder '$part' in llama.cpp" >&2; exit 1; }
    sed -i '1i set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")' "unpack/$part/CMakeLists.txt"
  done
  mv unpack src
fi

launcher=()
if command -v ccache > /dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # Parts of llama.cpp use precompiled headers, which ccache keeps only when told so.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
fi

# Nothing may reach for the network: no web UI, no TLS library, no Git. The old kind of
# search path (DT_RPATH) also holds for the libraries of libraries, which a relocatable
# package lays into the same folder.
# shellcheck disable=SC2016  # $ORIGIN is the loader's
cmake -S src -B build -G Ninja "${launcher[@]}" \
  -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
  -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON \
  -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
  -DLLAMA_ALL_WARNINGS=OFF -DLLAMA_BUILD_NUMBER=0 -DLLAMA_BUILD_COMMIT=pinned \
  -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH='$ORIGIN' \
  -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
cmake --build build -j "${TWIN_JOBS:-2}" --target llama-server llama-quantize

rm -rf "$out"
mkdir -p "$out/bin" "$out/include" "$out/licenses"
cp -a build/bin/*.so* build/bin/llama-server build/bin/llama-quantize "$out/bin/"
# Object files and links are told apart so that each library is stripped once.
find "$out/bin" -type f -exec strip --strip-unneeded {} +
cp src/ggml/include/{ggml,gguf,ggml-alloc,ggml-backend,ggml-cpu}.h "$out/include/"
cp src/LICENSE "$out/licenses/llama.cpp"
cp src/licenses/* "$out/licenses/"
find src/vendor -name 'LICENSE*' -printf '%P\n' | while read -r text; do
  cp "src/vendor/$text" "$out/licenses/llama.cpp-$(dirname "$text" | tr / -)"
done
