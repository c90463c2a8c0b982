#!/usr/bin/env bash
# Builds ./caddy: a pinned Caddy with this checkout as a plugin, through a pinned xcaddy. It needs Go and nothing else.
#
#   ./xcaddy.sh [build] [<arguments of xcaddy build>...]  e.g. ./xcaddy.sh build --with github.com/caddy-dns/cloudflare
#   ./xcaddy.sh run [<arguments of caddy run>...]         the same, then runs Caddyfile.example (or --config <other>)
set -euo pipefail

xcaddy_version=v0.4.5
caddy_version=v2.11.9
module=github.com/gatehouse-auth/gatehouse

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
command -v go >/dev/null || {
	echo 'xcaddy.sh: Go is not installed: see https://go.dev/dl/' >&2
	exit 1
}

# The first --with names the version that Go gives a replaced module. Without it the go command would look on the network
# for a module `…/gatehouse/caddymodule`, and fail behind a proxy that answers anything but "not found".
build() (
	cd "$root"
	go run "github.com/caddyserver/xcaddy/cmd/xcaddy@$xcaddy_version" build "$caddy_version" \
		--with "$module@v0.0.0-00010101000000-000000000000" --with "$module/caddymodule" \
		--replace "$module=$root" --output "$root/caddy" "$@"
)

# xcaddy resolves dependencies anew. What it chose must be what our go.mod pins and our tests ran with, unless further
# plugins came along.
check_pins() {
	local kind path version pinned modules built
	local -A pins=()
	modules="$(cd "$root" && go list -m all)"
	built="$(go version -m "$root/caddy")"
	while read -r path version _; do
		pins[$path]="$version"
	done <<<"$modules"
	while read -r kind path version _; do
		[[ "$kind" == dep ]] || continue
		pinned="${pins[$path]:-}"
		if [[ -n "$pinned" && "$pinned" != "$version" ]]; then
			echo "xcaddy.sh: xcaddy chose $path $version, but go.mod pins $pinned" >&2
			return 1
		fi
	done <<<"$built"
}

if [[ "${1:-}" == run ]]; then
	shift
	build
	check_pins
	cd "$root"
	for argument in "$@"; do
		case "$argument" in
		-c | --config | --config=*) exec ./caddy run "$@" ;;
		esac
	done
	echo 'The demo: open http://localhost:8080 and sign up. Ctrl-C ends it.'
	exec ./caddy run --config Caddyfile.example "$@"
fi

[[ "${1:-}" != build ]] || shift
build "$@"
(($#)) || check_pins
echo "built $root/caddy"
