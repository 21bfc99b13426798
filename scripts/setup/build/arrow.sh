#!/usr/bin/env bash
# Unpacks Arrow and Parquet from the Python wheel: build/arrow.sh WORK OUT PYARROW
# OUT/include/arrow/..., OUT/include/parquet/..., OUT/lib/libarrow.so..., OUT/lib/libparquet.so...
set -euo pipefail
work=$1 out=$2
shift 2

cd "$work"
rm -rf unpack "$out"
mkdir unpack
python3 - unpack "$@" <<'PYTHON'
import re, sys, zipfile

wanted = [
    re.compile(r"pyarrow/include/(arrow/(?!python/|flight/|dataset/|acero/|engine/|gpu/|adapters/)|parquet/)"),
    re.compile(r"pyarrow/lib(arrow|parquet)\.so\.\d+$"),
    re.compile(r"pyarrow\.libs/.*\.so"),
    re.compile(r"[^/]+\.dist-info/(licenses/.*[^/]|LICENSE.*|NOTICE.*)$"),
]
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if any(pattern.match(name) for pattern in wanted):
                archive.extract(name, sys.argv[1])
PYTHON

mkdir -p "$out/lib" "$out/licenses"
mv unpack/pyarrow/include "$out/include"
mv unpack/pyarrow/*.so.* "$out/lib/"
chmod 755 "$out"/lib/*
for name in arrow parquet; do
  library=$(cd "$out/lib" && echo "lib$name".so.*)
  ln -s "$library" "$out/lib/lib$name.so"
done
for folder in unpack/*.dist-info; do
  package=$(basename "$folder" .dist-info)
  (cd "$folder" && find . -type f -printf '%P\n' | sort | while read -r text; do
    printf '\n==== %s\n\n' "$text"
    cat "$text"
  done) > "$out/licenses/${package%-*}"
done
rm -rf unpack
