#!/usr/bin/env bash
# Installs the Debian packages that a task needs and that are missing.
#
#   hack/deps.sh test      PostgreSQL and a C compiler (the race detector needs one)
#   hack/deps.sh e2e       PostgreSQL, Chromium and fonts
set -euo pipefail

declare -A wanted=(
  [test]="gcc libc6-dev postgresql"
  [e2e]="postgresql chromium fonts-dejavu-core"
)

task=${1:?usage: hack/deps.sh test|e2e}
[[ -v wanted[$task] ]] || { echo "hack/deps.sh: unknown task '$task' (known: ${!wanted[*]})" >&2; exit 2; }

missing=()
for package in ${wanted[$task]}; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "hack/deps.sh: please install these by the means of your system: ${missing[*]}" >&2
  exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
  echo "hack/deps.sh: missing Debian packages; run: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null
