# shellcheck shell=bash
# What the set-up scripts share: where things lie, progress lines, deps.lock, downloads.
# Sourced, never run.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
lock_file=$repo/deps.lock
# shellcheck disable=SC2034  # used by those who source this
cache=${TWIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twin}

say() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# lock_rows KIND: the rows of one kind, without the kind and without comments.
lock_rows() {
  awk -v kind="$1" '{ sub(/#.*/, "") } $1 == kind { $1 = ""; sub(/^ +/, ""); print }' "$lock_file"
}

# locked PACKAGE: sets lock_kind, lock_version and lock_sha for a downloaded package.
locked() {
  read -r lock_kind lock_version lock_sha < <(awk -v name="$1" \
    '($1 ~ /^pypi-/ || $1 == "model") && $2 == name { print $1, $3, $4 }' "$lock_file") ||
    die "deps.lock has no package '$1'"
}

# version_at_least HAVE WANT
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# A job needs about 1.5 GB while llama.cpp or a libtorch file compiles.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemTotal/ { n = int($2 / 1500000); print (n < 1 ? 1 : n) }' /proc/meminfo)
  echo "${TWIN_JOBS:-$((cores < memory ? cores : memory))}"
}

# fetch PACKAGE FOLDER: downloads a package of deps.lock into FOLDER, checked against its
# hash, and sets `fetched` to the file. A second call finds the file and is free.
fetch() {
  local package=$1 folder=$2 temporary version
  locked "$package"
  mkdir -p "$folder"
  for fetched in "$folder/${package//-/_}-$lock_version"[.-]*; do
    if [ -f "$fetched" ] && echo "$lock_sha  $fetched" | sha256sum --check --status; then return; fi
  done

  local options=(--no-deps --no-cache-dir --quiet --disable-pip-version-check --require-hashes)
  if [ "$lock_kind" = pypi-sdist ]; then
    options+=(--no-binary "$package")
  else
    # Named in full, so that any host Python fetches the same file.
    options+=(--only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi none)
    for version in 17 24 25 26 27 28; do
      options+=(--platform "manylinux_2_${version}_x86_64")
    done
    options+=(--platform manylinux2014_x86_64 --platform any)
  fi

  python3 -m pip --version > /dev/null 2>&1 ||
    die "$(command -v python3) has no pip: install python3-pip, or take that Python off PATH"
  say "downloading $package $lock_version"
  temporary=$(mktemp -d "$folder/.download-XXXXXX")
  echo "$package==$lock_version --hash=sha256:$lock_sha" > "$temporary/requirements.txt"
  if ! python3 -m pip download "${options[@]}" -d "$temporary" -r "$temporary/requirements.txt"; then
    rm -rf "$temporary"
    die "could not download $package $lock_version (is the package index reachable? try: python3 -m pip download $package==$lock_version)"
  fi
  rm "$temporary/requirements.txt"
  mv "$temporary"/* "$folder/"
  rmdir "$temporary"
  for fetched in "$folder/${package//-/_}-$lock_version"[.-]*; do
    if [ -f "$fetched" ] && echo "$lock_sha  $fetched" | sha256sum --check --status; then return; fi
  done
  die "$package $lock_version was downloaded, but no file with the pinned hash is in $folder"
}
