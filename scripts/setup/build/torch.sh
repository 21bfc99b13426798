#!/usr/bin/env bash
# Unpacks libtorch from its Python wheel: build/torch.sh WORK OUT TORCH CUDART CUPTI
# OUT/include, OUT/lib
#
# The wheel is a CUDA build. Its CPU library stands alone but for two small CUDA libraries
# that it names as needed; they are laid beside it, where its own search path ($ORIGIN)
# finds them. The rest, 650 MB of GPU and Python code, is left in the archive.
set -euo pipefail
work=$1 out=$2
shift 2

cd "$work"
rm -rf unpack "$out"
mkdir unpack
python3 - unpack "$@" <<'PYTHON'
import re, sys, zipfile

wanted = [
    re.compile(r"torch/include/(?!fmt/|google/|pybind11/)"),  # Debian's fmt is the one we link
    re.compile(r"torch/lib/(libtorch_cpu|libc10)\.so$"),
    re.compile(r"torch/lib/libgomp[-.]"),
    re.compile(r"nvidia/cu\d+/lib/(libcudart|libcupti)\.so"),
    re.compile(r"[^/]+\.dist-info/licenses/.*[^/]$"),
]
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if any(pattern.match(name) for pattern in wanted):
                archive.extract(name, sys.argv[1])
PYTHON

mkdir -p "$out/lib" "$out/licenses"
mv unpack/torch/include "$out/include"
mv unpack/torch/lib/* unpack/nvidia/*/lib/* "$out/lib/"
chmod 755 "$out"/lib/*
# One text for each wheel; torch brings some 80 of its parts, which may be the same text.
for folder in unpack/*.dist-info; do
  package=$(basename "$folder" .dist-info)
  (cd "$folder/licenses" && find . -type f -printf '%P\n' | sort | while read -r text; do
    printf '\n==== %s\n\n' "$text"
    cat "$text"
  done) > "$out/licenses/${package%-*}"
done
rm -rf unpack
