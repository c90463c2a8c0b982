#!/usr/bin/env bash
# Runs every test of the repository against real servers. See usage below.
set -euo pipefail

usage() {
	cat <<'USAGE'
usage: integration/run.sh [check | long | servers | help]

  (nothing)  installs what the tests need where it is missing (apt-get), starts Redis (standalone with TLS, unix socket and
             an ACL user; Sentinel; a cluster) and PostgreSQL on free loopback ports, checks and builds the code, runs all
             tests once, prints one summary and stops what it started. Exit code 0 only if nothing failed.
  check      gofmt, go vet, staticcheck and the tests that need no server, for the minutes between two commits. Installs and
             starts nothing; Go's cache answers for packages that have not changed.
  long       everything, with fuzzing for 5 minutes a target, loads at full size, the race detector everywhere, verdicts on
             how long things take, the cost of a gate measured beside a bare reverse_proxy, and the admin page with 100,000
             accounts. Writes its summary to docs/long-run.md.
  servers    only starts the servers, prints the variables that name them as lines of a shell, and waits for Ctrl-C:
               integration/run.sh servers >/tmp/servers.env &      then, once the file ends in "# ready":
               . /tmp/servers.env && go test ./store/...

Stages, each with its seconds in the summary:
  gofmt, go vet, staticcheck, govulncheck
  build cmd/caddy          the binary that integration tests start; long builds it with the race detector too
  tests: packages          the packages that hold state, with the race detector, fuzz targets by their seeds, and every
                           benchmark once; long runs them a second time, at full loads and without the race detector
  tests: integration       the rules of the repository, whole configurations in caddymodule, everything below integration/
  fuzz targets             long only
  Tests named TestLong... are for long. So is what asks servers.Long.

Environment:
  CI=true        turns every skipped test into a failure
  FUZZTIME       how long each fuzz target runs in long   (default 5m)
  GATEHOUSE_LOAD share of the full size that loads have   (default 0.01, long 1)

The last line is "N passed, N failed, N skipped". Tests and subtests count one each.
USAGE
}

mode="${1:-short}"
case "$mode" in
short | check | long | servers) ;;
help | -h | --help)
	usage
	exit 0
	;;
*)
	usage >&2
	exit 2
	;;
esac

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
began=$SECONDS

# PostgreSQL runs as another user where we are root, and must be able to enter the directory.
work="$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-run.XXXXXX")"
chmod 711 "$work"
mkdir -m 711 "$work/servers" "$work/bin" "$work/logs"
totals="$work/totals"
: >"$totals"

# A Caddy that a test starts must not touch the data of whoever runs the tests; the settings of `go env -w` stay.
if command -v go >/dev/null; then
	GOENV="$(go env GOENV)"
	export GOENV
fi
export XDG_DATA_HOME="$work/home/data" XDG_CONFIG_HOME="$work/home/config"

# Whatever a test leaves running is found by this variable in its environment.
export GATEHOUSE_TEST_RUN="$work"

say() { printf '%s\n' "$*"; }
die() {
	say "run.sh: $*" >&2
	exit 1
}

# --- stopping ---------------------------------------------------------------------------------------------------------

child=""       # the stage that runs now, leader of a process group of its own
servers_pid="" # the process that holds the servers
servers_fd=""  # its standard input: the servers stop when that is closed, even if this script is killed

# strays lists the processes that carry this run's mark.
strays() {
	local file pid
	for file in /proc/[0-9]*/environ; do
		pid="${file#/proc/}"
		pid="${pid%/environ}"
		[[ "$pid" != "$servers_pid" ]] || continue
		if grep -qzxF "GATEHOUSE_TEST_RUN=$work" "$file" 2>/dev/null && [[ -e "/proc/$pid/exe" ]]; then
			say "$pid"
		fi
	done
}

stop_child() {
	[[ -n "$child" ]] || return 0
	kill -TERM -- "-$child" 2>/dev/null || true
	for _ in {1..50}; do
		kill -0 -- "-$child" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$child" 2>/dev/null || true
	child=""
}

stop_servers() {
	[[ -n "$servers_pid" ]] || return 0
	exec {servers_fd}>&-
	wait "$servers_pid" 2>/dev/null || true
	servers_pid=""
}

cleanup() {
	local status=$? pid
	trap - EXIT
	trap '' INT TERM HUP
	stop_child
	stop_servers
	for pid in $(strays); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	rm -rf "$work/servers" "$work/bin" "$work/home" "$work/hold" "$totals"
	find "$work/logs" -empty -delete 2>/dev/null || true
	rmdir "$work" 2>/dev/null || true # stays where there are logs
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what the tests need ----------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { have postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
have_chromium() { have chromium || have chromium-browser || have google-chrome; }

missing_packages() {
	have redis-server || say redis-server
	have_postgres || say postgresql
	have_chromium || say chromium
	have gcc || say gcc libc6-dev # the race detector links with it
}

install_missing() {
	local packages as_root=()
	mapfile -t packages < <(missing_packages | tr ' ' '\n')
	((${#packages[@]})) || return 0
	have apt-get || die "missing: ${packages[*]}. This system has no apt-get: install them by hand."
	if ((EUID != 0)); then
		have sudo || die "missing: ${packages[*]}. Run as root, install sudo, or install them by hand."
		as_root=(sudo)
	fi
	say "installing ${packages[*]}"
	# What Debian starts by itself after the installation is neither used nor in the way: ours have ports of their own.
	"${as_root[@]}" apt-get update -q >"$work/logs/apt.log" 2>&1 || die "apt-get update failed: see $work/logs/apt.log"
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends "${packages[@]}" >>"$work/logs/apt.log" 2>&1 ||
		die "apt-get install ${packages[*]} failed: see $work/logs/apt.log"
	[[ -z "$(missing_packages)" ]] || die "still missing after the installation: $(missing_packages | tr '\n' ' ')"
}

have go || die "Go is not installed: see https://go.dev/dl/"
if [[ "$mode" != check ]]; then
	install_missing
	go build -o "$work/bin/serve" ./integration/servers/serve
fi

# --- the servers ------------------------------------------------------------------------------------------------------

mkfifo "$work/hold"
exec {servers_fd}<>"$work/hold"

if [[ "$mode" == servers ]]; then
	"$work/bin/serve" -until-eof "$work/servers" <"$work/hold" {servers_fd}>&- &
	servers_pid=$!
	wait "$servers_pid" # until a signal comes, or the servers do not start
	exit
fi

start_servers() {
	local file="$work/bin/servers.env"
	"$work/bin/serve" -until-eof "$work/servers" <"$work/hold" >"$file" 2>"$work/logs/servers.log" {servers_fd}>&- &
	servers_pid=$!
	until grep -qx '# ready' "$file"; do
		kill -0 "$servers_pid" 2>/dev/null || die "the servers did not start: $(cat "$work/logs/servers.log")"
		sleep 0.1
	done
	# shellcheck disable=SC1090 # written a moment ago
	source "$file"
}

# --- stages -----------------------------------------------------------------------------------------------------------

stages=() # one line each for the summary
broken=0  # stages that failed without a failed test to show for it

failed_tests() { awk '{ n += $2 } END { print n + 0 }' "$totals"; }

# stage runs a command as a process group of its own, so that Ctrl-C ends it with all its children, times it, and lets the
# next stage follow whatever happened.
stage() {
	local name="$1" start=$SECONDS status=0 verdict=ok failed line
	shift
	failed="$(failed_tests)"
	say
	say "=== $name"
	setsid "$@" </dev/null {servers_fd}>&- &
	child=$!
	wait "$child" || status=$?
	child=""
	if ((status != 0)); then
		verdict=FAILED
		(($(failed_tests) > failed)) || broken=$((broken + 1))
	fi
	printf -v line '%-42s %-6s %5ds' "$name" "$verdict" "$((SECONDS - start))"
	stages+=("$line")
	say "--- $line"
}

# script names a function below, with its arguments, to `stage`, which needs a command.
script=(bash -euo pipefail -c '"$@"' stage)

check_format() {
	local odd
	odd="$(gofmt -l .)"
	[[ -z "$odd" ]] || {
		printf 'gofmt would change:\n%s\n' "$odd"
		return 1
	}
}

# The database of known vulnerabilities is on the network. Where it is out of reach the check is not run, and says so;
# it is no test, and counts as none.
check_vulnerabilities() {
	local out status=0
	if [[ -z "${HTTPS_PROXY:-}${https_proxy:-}" ]] && ! timeout 15 bash -c ': </dev/tcp/vuln.go.dev/443' 2>/dev/null; then
		echo 'NOT RUN: vuln.go.dev, the Go vulnerability database, cannot be reached from here.'
		return 0
	fi
	out="$(go tool -modfile=integration/tools.mod govulncheck ./... 2>&1)" || status=$?
	printf '%s\n' "$out"
	if ((status != 0)) && grep -qi 'fetching vulnerabilities' <<<"$out"; then
		echo 'NOT RUN: vuln.go.dev, the Go vulnerability database, did not answer.'
		return 0
	fi
	return "$status"
}

# tests <log> <arguments of go test>: `go vet` has its own stage and need not run here again.
tests() {
	local events="$work/logs/$1.json" status=0
	shift
	go tool -modfile=integration/tools.mod gotestsum --format pkgname --format-icons text --jsonfile "$events" \
		--raw-command -- "$BASH" -euo pipefail -c 'go_test "$@"' tests -vet=off -timeout "$test_timeout" "$@" || status=$?
	# In the events every quote of a test's own output is escaped, so these words cannot come from there.
	awk '/"Test":"/ { p += /"Action":"pass"/; f += /"Action":"fail"/; s += /"Action":"skip"/ }
		END { print p + 0, f + 0, s + 0 }' "$events" >>"$totals"
	return "$status"
}

# go_test makes what benchmarks say a saying of their package, which fails with them: go test does not report that a benchmark
# has ended well, and gotestsum would take that for a failure.
go_test() {
	go test -json "$@" | awk '
		/"Test":"Benchmark/ && /"Action":"output"/ { sub(/"Test":"Benchmark[^"]*",/, "") }
		/"Test":"Benchmark/ && !/"Action":"skip"/ { next }
		{ print; fflush() }'
}

# packages lists those that hold state, or are made for it: all but the root, whose tests are rules for the repository, the
# commands, integration, and caddymodule itself, whose tests start whole servers: with the race detector all of Caddy and
# its standard modules would be compiled a second time, and long does that.
packages() { go list ./... | grep -E "$stateful"; }
# others lists the rest.
others() { go list ./... | grep -vE "$stateful"; }

# with <prefix>: a line for each test function whose name begins so, with its directory and its name
with() {
	grep -rHoE --include='*_test.go' "^func $1[A-Za-z0-9_]*" . | sed -E 's,[^/]*_test\.go:func , ,' | sort || true
}

# Benchmarks run once, in the binary that is linked for the tests anyway.
once=(-count=1 -bench . -benchtime 1x)
quick=(-skip '^TestLong')

# test_list <log> <packages or others> <arguments of go test>
test_list() {
	local log="$1" list
	list="$("$2")"
	shift 2
	# shellcheck disable=SC2086 # one word a package
	tests "$log" "$@" $list
}

# fuzz runs every target for a while. What the engine says of a target is read here, not by the functions above.
fuzz() {
	local dir target log failed=0
	while read -r dir target; do
		printf '%s %s for %s\n' "$dir" "$target" "$fuzz_time"
		log="$work/logs/fuzz-$target.txt"
		if go test -vet=off -timeout "$test_timeout" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzz_time" "$dir" </dev/null >"$log" 2>&1 ||
			ended_by_its_time "$log"; then
			echo 1 0 0 >>"$totals"
		else
			echo 0 1 0 >>"$totals"
			cat "$log"
			failed=1
		fi
	done < <(with Fuzz)
	return "$failed"
}

# ended_by_its_time <log>: the target failed by nothing but the end of its time. Up to Go 1.26 the engine now and then takes
# the deadline of -fuzztime, its own ordinary end, for an error (https://go.dev/issue/75804, mended in Go 1.27). A finding
# always comes with words of its own, and with the file that holds the failing input.
ended_by_its_time() {
	grep -qE '^ +context deadline exceeded$' "$1" &&
		! grep -qvE '^(fuzz: elapsed: .*|=== .*| *--- FAIL: Fuzz.*| +context deadline exceeded|FAIL(\s.*)?|exit status 1| *)$' "$1"
}

# compare <where sessions are>: what a gate costs beside a bare reverse_proxy. Figures, no verdict.
compare() { go run ./integration/bench -rounds 40 -slice 600ms -sessions "$1" | tee -a "$work/logs/compare.txt"; }

# measure_admin: how long an administrator waits for the list of accounts. Figures, no verdict.
measure_admin() { go run ./integration/bench -admin -users 100000 | tee -a "$work/logs/compare.txt"; }

fuzz_time="${FUZZTIME:-5m}"
test_timeout=20m
stateful='/gatehouse/((rolepolicy|store|authportal)(/|$)|caddymodule/)'
export GATEHOUSE_LOAD="${GATEHOUSE_LOAD:-0.01}"
if [[ "$mode" == long ]]; then
	test_timeout=6h
	[[ "$GATEHOUSE_LOAD" != 0.01 ]] || GATEHOUSE_LOAD=1
fi
export work totals fuzz_time test_timeout stateful
export -f check_format check_vulnerabilities tests go_test test_list packages others with fuzz ended_by_its_time compare measure_admin

[[ "$mode" == check ]] || start_servers

stage 'gofmt' "${script[@]}" check_format
stage 'go vet' go vet ./...
stage 'staticcheck' go tool -modfile=integration/tools.mod staticcheck ./...
if [[ "$mode" == check ]]; then
	stage 'tests that need no server' "${script[@]}" test_list tests packages -short . ./caddymodule ./cmd/...
else
	stage 'govulncheck' "${script[@]}" check_vulnerabilities
	stage 'build cmd/caddy' go build -o "$work/bin/caddy" ./cmd/caddy
	[[ ! -x "$work/bin/caddy" ]] || export GATEHOUSE_TEST_CADDY="$work/bin/caddy"
fi
if [[ "$mode" == short ]]; then
	stage 'tests: packages' "${script[@]}" test_list packages packages -race "${once[@]}" "${quick[@]}"
	stage 'tests: integration' "${script[@]}" test_list integration others "${once[@]}" -parallel 4 "${quick[@]}" # they wait a lot
fi
if [[ "$mode" == long ]]; then
	stage 'build cmd/caddy -race' go build -race -o "$work/bin/caddy-race" ./cmd/caddy
	[[ ! -x "$work/bin/caddy-race" ]] || export GATEHOUSE_TEST_CADDY_RACE="$work/bin/caddy-race"
	stage 'tests: packages' "${script[@]}" test_list packages packages "${once[@]}"
	# Full loads under the race detector would find nothing more and take an hour.
	stage 'tests: all, with the race detector' env GATEHOUSE_LOAD=0.01 "${script[@]}" tests race -race -count=1 ./...
	stage 'tests: integration' "${script[@]}" test_list integration others -count=1 -p 1 -parallel 1 # some measure time
	stage "fuzz targets, $fuzz_time each" "${script[@]}" fuzz
	stage 'gate and bare proxy, embedded sessions' "${script[@]}" compare 'sessions embedded'
	stage 'gate and bare proxy, Redis sessions' "${script[@]}" compare "sessions redis $GATEHOUSE_TEST_REDIS"
	stage 'the admin page with 100,000 accounts' "${script[@]}" measure_admin
fi

# --- the summary ------------------------------------------------------------------------------------------------------

read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$totals")
failed=$((failed + broken))

report() {
	printf '%s\n' "${stages[@]}"
	printf '%-42s %-6s %5ds\n' 'in all' '' "$((SECONDS - began))"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
}

if [[ "$mode" == long ]]; then
	{
		printf '# The last long run\n\n`integration/run.sh long` on %s, commit %s, %s, %d cores; fuzzing %s a target.\n\n```\n' \
			"$(date -u +%F)" "$(git rev-parse --short HEAD)" "$(go env GOVERSION)" "$(nproc)" "$fuzz_time"
		report
		printf '```\n\n'
		cat "$work/logs/compare.txt"
	} >docs/long-run.md
fi

stop_servers
left="$(strays)"
if [[ -n "$left" ]]; then
	say
	say 'left running by tests, and stopped now:'
	# shellcheck disable=SC2086 # one word a process
	ps -o pid=,args= -p $left || true
fi
say
say "logs: $work/logs"
report
((failed == 0)) || exit 1
[[ "${CI:-}" != true ]] || ((skipped == 0)) || exit 1
