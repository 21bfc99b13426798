#!/usr/bin/env bash
# Downloads the Java libraries of deps.lock that tests use: scripts/setup/fetch-jars.sh
# They lie in one folder, named after the list, which appears whole or not at all; its path is the only thing printed on
# standard output. With --where it is only printed.
set -euo pipefail
# shellcheck source=scripts/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

jars=$cache/jars-$(lock_rows maven | sha256sum | cut -c 1-12)
echo "$jars"
if [ "${1:-}" = --where ] || [ -d "$jars" ]; then exit 0; fi

command -v mvn > /dev/null || die "mvn is missing: run scripts/setup/setup.sh test"
mkdir -p "$cache"
temporary=$(mktemp -d "$cache/.jars-XXXXXX")
trap 'rm -rf "$temporary"' EXIT
say "downloading $(lock_rows maven | wc -l) Java libraries" >&2
{
  echo '<project><modelVersion>4.0.0</modelVersion><groupId>twin</groupId><artifactId>test-jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
  lock_rows maven | while read -r group artifact version _; do
    # The list is whole: nothing is brought in by another's wish.
    echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
  done
  echo '</dependencies></project>'
} > "$temporary/pom.xml"
mvn --batch-mode --quiet -f "$temporary/pom.xml" dependency:copy-dependencies \
  -DoutputDirectory="$temporary/jars" > "$temporary/log" 2>&1 || {
  tail -n 20 "$temporary/log" >&2
  die "could not download the Java libraries"
}
while read -r _ artifact version sha; do
  file=$temporary/jars/$artifact-$version.jar
  echo "$sha  $file" | sha256sum --check --status || die "$artifact $version is not what deps.lock pins: $(sha256sum < "$file")"
done < <(lock_rows maven)
chmod 755 "$temporary/jars"
mv -T "$temporary/jars" "$jars" 2> /dev/null || [ -d "$jars" ] # another set-up was first
