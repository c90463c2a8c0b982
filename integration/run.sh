#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK="$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-run.XXXXXX")"
chmod 711 "$WORK"
go build -o "$WORK/serve" ./integration/servers/serve
mkdir -m 711 "$WORK/servers"
exec "$WORK/serve" "$WORK/servers"
