# The usual words for the scripts of this repository; `make help` lists them.
.PHONY: help build run test check long bench docs
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./caddy, a Caddy with Gatehouse
	./xcaddy.sh build

run: ## build ./caddy and run the demo of Caddyfile.example
	./xcaddy.sh run

check: ## gofmt, go vet, staticcheck and the tests that need no server
	./integration/run.sh check

test: ## every test, with the servers that they need
	./integration/run.sh

long: ## the same with fuzzing, full loads and measurements; takes hours
	./integration/run.sh long

bench: ## benchmarks of the packages, five times each, as benchstat reads them
	go test -run '^$$' -bench . -count 5 ./rolepolicy ./store/cache ./store/sql ./authportal/method/password ./caddymodule

docs: ## check the documentation: its Caddyfiles, commands and links
	go test -count=1 -run 'Docs|Example|Syntax' ./caddymodule
