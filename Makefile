# Causerie. `make` alone lists the commands.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BUF := tools/buf/node_modules/.bin/buf
BASELINE := proto/baseline.binpb
ARGS ?=

.PHONY: help run web e2e screenshots chat test lint baseline fmt buf s3 bench clean need-cargo need-mariadb need-chromium need-python need-protoc deny

help: ## List the commands
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: need-cargo web ## Build and start the server on http://127.0.0.1:8080, data in ./data
	@test -x target/debug/causerie || echo "Building; the first time takes some minutes."
	@cargo build
	@exec target/debug/causerie $(ARGS)

web: ## Build the web client, which the server carries
	@scripts/web

e2e: need-cargo need-chromium need-python web ## Drive the web client in a real browser, against the real server
	@cargo build
	@cd clients/web && npm run --silent e2e

screenshots: need-cargo need-chromium need-python web ## Take pictures of the web client's main states (wants an emoji font)
	@cargo build
	@cd clients/web && npm run --silent screenshots

chat: need-cargo ## Start the terminal client; ARGS="send General hello" for scripts
	@test -x target/debug/causerie-chat || echo "Building; the first time takes some minutes."
	@cargo build --quiet -p causerie-terminal
	@exec target/debug/causerie-chat $(ARGS)

test: need-cargo need-mariadb need-chromium need-python need-protoc buf s3 web ## Run every test, on SQLite, on a private MariaDB and in a browser
	@cd clients/web && npm run --silent check && npm test --silent
	@cargo build --workspace
	@if cargo nextest --version >/dev/null 2>&1; then \
	  scripts/with-mariadb cargo nextest run --workspace --no-fail-fast; \
	  cargo test --workspace --doc --quiet; \
	else \
	  scripts/with-mariadb cargo test --workspace --no-fail-fast; \
	fi
	@cd clients/web && npm run --silent e2e

lint: need-cargo buf ## Check form, lints, protos and their compatibility
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --quiet -- -D warnings
	@$(BUF) lint
	@$(BUF) breaking --against $(BASELINE)
	@$(MAKE) --no-print-directory deny

baseline: buf ## Renew the image of the protos that `make lint` compares them with
	@$(BUF) build --exclude-source-info --output $(BASELINE)

deny: ## Check licences and advisories, if cargo-deny is there
	@if cargo deny --version >/dev/null 2>&1; then \
	  cargo deny --log-level error check; \
	else \
	  echo "Not checked: licences and advisories. For that: cargo install cargo-deny"; \
	fi

fmt: need-cargo ## Put the code into form
	@cargo fmt --all

bench: need-cargo need-mariadb need-chromium need-python web ## Measure the server, and the web client in a browser; prints tables
	@scripts/with-mariadb cargo bench --bench chat
	@cd clients/web && npm run --silent measure

buf: ## Install buf, for the protos, into its own folder
	@test -x $(BUF) || { \
	  command -v npm >/dev/null || { echo "npm is missing; install Node.js 20 or newer (https://nodejs.org)." >&2; exit 1; }; \
	  npm install --prefix tools/buf --no-package-lock --no-audit --no-fund --loglevel=error; \
	}

s3: ## Install an S3 server, for the tests, into its own folder
	@cmp --silent tools/s3/requirements.txt tools/s3/venv/requirements.txt || { \
	  command -v python3 >/dev/null || { echo "python3 is missing; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	  echo "Installing an S3 server for the tests."; \
	  python3 -m venv --clear tools/s3/venv || { echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	  tools/s3/venv/bin/python -m pip install --quiet --disable-pip-version-check -r tools/s3/requirements.txt; \
	  cp tools/s3/requirements.txt tools/s3/venv/; \
	}

clean: ## Remove what was built; ./data stays
	@rm -rf target tools/buf/node_modules tools/s3/venv clients/web/node_modules clients/web/dist

need-cargo:
	@command -v cargo >/dev/null || { echo "Rust is missing; get it from https://rustup.rs, then try again." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing. On Debian or Ubuntu: apt-get install build-essential" >&2; exit 1; }

need-mariadb:
	@scripts/need mariadb-server mariadbd,mysqld mariadb-admin,mysqladmin mariadb-install-db,mysql_install_db

# Any name that the tests know it by will do (clients/web/e2e/support/chromium.ts).
need-chromium:
	@test -n "$${CHROMIUM:-}" || scripts/need chromium chromium,chromium-browser,google-chrome,google-chrome-stable,chrome

# What tests/it/stubs.rs generates stubs with.
need-protoc:
	@scripts/need protobuf-compiler protoc
	@scripts/need protobuf-compiler-grpc grpc_php_plugin grpc_python_plugin grpc_ruby_plugin
	@scripts/need protobuf-compiler-grpc-java-plugin grpc_java_plugin
	@scripts/need protoc-gen-go protoc-gen-go
	@scripts/need protoc-gen-go-grpc protoc-gen-go-grpc

# scripts/with-mariadb is written in it, and browser tests write to the database with it.
need-python:
	@scripts/need python3 python3
