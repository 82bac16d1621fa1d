#!/usr/bin/env bash
# Installs the packages of the foreign clients, at the versions of package-lock.json and requirements.txt. What cannot be
# installed is said, and its tests are skipped; with CLIENTS_REQUIRED=1 it is an error.
set -euo pipefail
cd "$(dirname "$0")"

# missing WHAT REASON
missing() {
  echo "test/clients: $1 clients are SKIPPED: $2" >&2
  [[ -z ${CLIENTS_REQUIRED:-} ]]
}

install_node() {
  local stamp=node/node_modules/.package-lock.json
  [[ $stamp -nt node/package-lock.json ]] && return
  if ! command -v npm >/dev/null; then missing node "there is no npm"; return; fi
  if [[ $(node -p 'process.versions.node.split(".")[0]') -lt 20 ]]; then missing node "node $(node -v) is older than 20"; return; fi
  (cd node && npm ci --no-progress) || { rm -rf node/node_modules; missing node "npm ci failed"; }
}

install_python() {
  local stamp=python/venv/installed
  [[ $stamp -nt python/requirements.txt ]] && return
  if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    missing python "there is no Python 3.11 with venv"; return
  fi
  rm -rf python/venv
  { python3 -m venv python/venv && python/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r python/requirements.txt \
    && touch "$stamp"; } || { rm -rf python/venv; missing python "pip install failed"; }
}

install_node
install_python
