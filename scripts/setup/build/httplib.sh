#!/usr/bin/env bash
# Builds cpp-httplib as a library: build/httplib.sh WORK OUT ARCHIVE
# OUT/include/httplib.h, OUT/lib/libhttplib.a
#
# The version is the one that llama.cpp ships; unlike its copy ours has TLS and gzip.
set -euo pipefail
work=$1 out=$2 archive=$3

# What a file sees of the classes depends on these: cmake/Dependencies.cmake reads them
# from OUT/definitions, so that the library and its users cannot differ.
definitions=(CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_TCP_NODELAY=1 CPPHTTPLIB_LISTEN_BACKLOG=512)

cd "$work"
rm -rf src "$out"
mkdir -p src "$out/include" "$out/lib" "$out/licenses"
tar -xzf "$archive" -C src --strip-components=5 --wildcards '*/vendor/llama.cpp/vendor/cpp-httplib/*'
compiler=(g++)
if command -v ccache > /dev/null; then compiler=(ccache g++); fi
(cd src && "${compiler[@]}" -std=c++20 -O2 -DNDEBUG -fPIC -w "${definitions[@]/#/-D}" -c httplib.cpp -o httplib.o)
ar rcs "$out/lib/libhttplib.a" src/httplib.o
echo "${definitions[@]}" > "$out/definitions"
cp src/httplib.h "$out/include/"
cp src/LICENSE "$out/licenses/cpp-httplib"
