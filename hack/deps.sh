#!/usr/bin/env bash
# Installs the Debian packages that a task needs and whose programs are missing.
#
#   hack/deps.sh build     make, git, and a C compiler (the race detector needs one)
#   hack/deps.sh test      build, PostgreSQL and PgBouncer
#   hack/deps.sh browser   Chromium and a font
#   hack/deps.sh clients   what clients in other languages run on: Node.js with npm, Python with venv
#   hack/deps.sh e2e       test, browser and clients
#
# What a node of its own needs is installed by hack/cluster.
set -euo pipefail

# has PACKAGE: whether what the package brings is there, wherever it came from.
has() {
  case $1 in
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
    pgbouncer) [[ -x /usr/sbin/pgbouncer ]] ;;
    libc6-dev) [[ -f /usr/include/stdlib.h ]] ;;
    nodejs) command -v node >/dev/null ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null ;;
    fonts-dejavu-core) [[ -d /usr/share/fonts/truetype/dejavu ]] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

build=(make git gcc libc6-dev)
browser=(chromium fonts-dejavu-core)
clients=(nodejs npm python3 python3-venv)
case ${1:-} in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" postgresql pgbouncer) ;;
  browser) wanted=("${browser[@]}") ;;
  clients) wanted=("${clients[@]}") ;;
  e2e) wanted=("${build[@]}" postgresql pgbouncer "${browser[@]}" "${clients[@]}") ;;
  *) echo "usage: hack/deps.sh build|test|browser|clients|e2e" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  has "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "hack/deps.sh: this is no Debian-like system; please install by its own means: ${missing[*]}" >&2
  exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
  echo "hack/deps.sh: packages are missing; please run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null

for package in "${missing[@]}"; do
  has "$package" || { echo "hack/deps.sh: $package is installed, but what it should bring is not there" >&2; exit 1; }
done
