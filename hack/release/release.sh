#!/usr/bin/env bash
# Writes everything that a release holds into a folder, the same bytes whenever and wherever it runs from the same commit
# with the same Go and the same certificate authorities.
#
#   hack/release/release.sh [--final] FOLDER
#
# --final refuses what must not be published: changes that are not committed, a commit that has not the version's tag, and
# a changelog without a section for the version.
set -euo pipefail
cd "$(dirname "$0")/../.."

final=
if [[ ${1:-} == --final ]]; then final=1; shift; fi
[[ $# -eq 1 ]] || { echo "usage: hack/release/release.sh [--final] FOLDER" >&2; exit 2; }
output=$1
version=$(<VERSION)
architectures=(amd64 arm64)
commands=(operator authserver)
name=authserver-operator

say() { printf '\n== %s\n' "$*"; }
fail() { echo "release: $*" >&2; exit 1; }

check_final() {
  [[ -z $(git status --porcelain) ]] || fail "there are changes that are not committed; see git status"
  [[ $(git tag --points-at HEAD) == *"v$version"* ]] || fail "this commit is not tagged v$version, which is what VERSION says"
  grep -q "^## \[$version\] - [0-9]" CHANGELOG.md || fail "CHANGELOG.md has no section \"## [$version] - DATE\""
}

# archive FILE FOLDER NAMES...: a tar file that tells nothing of when, where and by whom it was made.
archive() {
  local file=$1 folder=$2
  shift 2
  tar --create --directory "$folder" --format ustar --sort name --mtime @0 --owner 0 --group 0 --numeric-owner \
    --mode u=rwX,go=rX "$@" | gzip -9 --no-name >"$file"
}

images() {
  bin/cluster images --arch "$(IFS=,; echo "${architectures[*]}")" --version "v$version" --output "$stage/images"
  for image in operator server; do
    mv "$stage/images/$image.tar" "$dist/${name}_${version}_image-$image.oci.tar"
  done
}

# The binaries of the images, for those who build images of their own.
binaries() {
  for architecture in "${architectures[@]}"; do
    local folder=$stage/binaries/$architecture
    mkdir -p "$folder"
    cp "${commands[@]/#/$stage/images/build/$architecture/}" LICENSE "$folder"
    archive "$dist/${name}_${version}_linux_$architecture.tar.gz" "$folder" LICENSE "${commands[@]}"
  done
}

chart() {
  bin/helm package "charts/$name" --destination "$stage" >/dev/null
  mkdir "$stage/chart"
  tar --extract --file "$stage/$name-$version.tgz" --directory "$stage/chart"
  archive "$dist/$name-$version.tgz" "$stage/chart" "$name"
}

# One bill for each binary: what is linked may differ with the architecture.
bills() {
  for command in "${commands[@]}"; do
    for architecture in "${architectures[@]}"; do
      CGO_ENABLED=0 GOOS=linux GOARCH=$architecture bin/cyclonedx-gomod app -json -std -licenses -noserial -notimestamp \
        -main "cmd/$command" -output "$dist/${name}_${version}_${command}_linux_$architecture.cdx.json" . 2>"$stage/log" ||
        fail "writing the bill of materials of $command: $(tail -5 "$stage/log")"
    done
  done
}

# The version's section of the changelog, or, before there is one, what is not released yet.
notes() {
  local section=$version
  grep -q "^## \[$version\]" CHANGELOG.md || section=Unreleased
  awk -v section="## [$section]" 'index($0, "## [") == 1 { inside = index($0, section) == 1; next } inside' CHANGELOG.md |
    sed -e '/./,$!d' >"$dist/release-notes.md"
  grep -q . "$dist/release-notes.md" || fail "CHANGELOG.md says nothing of $version"
}

[[ -z $final ]] || check_final
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
dist=$stage/dist
mkdir "$dist"

say "images for ${architectures[*]}"; images
say "binaries"; binaries
say "chart"; chart
say "install.yaml, install-namespaced.yaml"; make --no-print-directory build-installer DIST="$dist"
say "bundle and catalog for OLM"; archive "$dist/$name-bundle-$version.tgz" . bundle bundle.Dockerfile catalog
say "bills of materials"; bills
say "notes from the changelog"; notes
(cd "$dist" && sha256sum -- * >"$stage/sums" && mv "$stage/sums" SHA256SUMS)

# Only a whole release replaces the one before.
rm -rf "$output"
mkdir -p "$output"
cp "$dist"/* "$output"
chmod 644 "$output"/*
say "$output"
(cd "$output" && ls -l)
