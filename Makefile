# Everything a developer types. `make` alone lists it. What the targets install goes below .local/ and target/.
.DEFAULT_GOAL := help
.PHONY: help run stop demo load-reference migrate adopt console console-test check test-one test-server test test-full chaos versions memory lists contract clients bench soak lint-template compare-template mutants deny package sam-local deploy-local build tools clean clean-data clean-logs
MAKEFLAGS += --no-print-directory
export PEERS PORT DETACH STACK DATABASE_URL ALLOWED_ORIGINS DATA MAP FILE AGAIN WORKERS EXAMPLES SEED MINUTES MYSQL_FLAVOR ARCH DATABASE_CA PART ROUNDS ROWS BASE BASE_URL FILES RATE KILLS PURGE BUILD

# Another folder of a person's own would leave the binaries that everything here runs as they are.
export CARGO_TARGET_DIR := $(CURDIR)/target

local := shared/local
bin := target/local/task-local

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## the whole service on this machine [PORT=9000] [DETACH=1] [STACK=run] [WORKERS=2] [DATABASE_URL=mysql://...] [TASK_QUEUES=name,name] [ALLOWED_ORIGINS=https://...] [CHUNK_SIZE=...]
	@$(bin) run

stop: ## end what `make run` started [STACK=run]
	@if [ -x $(bin) ]; then $(bin) stop; else echo "nothing runs"; fi

demo: build ## import a table (CSV or .xlsx) of customer,item[,quantity,unit_price]: DATA=file.csv [AGAIN=1] [MAP="customer=订单号,item=品名"]
	@$(bin) demo

load-reference: build ## upsert stations, cycles, addresses and skus from a JSON file, after migrating the database: FILE=... [DATABASE_URL=mysql://...]
	@$(bin) load-reference

migrate: build ## bring a database to the newest schema; a table of the original service is adopted: DATABASE_URL=mysql://... (docs/ADOPTING.md)
	@$(bin) migrate

console: ## build the page into console/dist, which is committed (needs Node 20)
	@console/install.sh && node console/build.mjs

console-test: build ## the page: types, unit tests, its story in a real Chromium (skipped without Node 20) [BASE_URL=http://...]
	@console/test.sh

check: need-cargo ## in a minute: format, clippy, unit tests, documentation
	@$(local)/check.sh

test-server: build ## all tests on one server [MYSQL_FLAVOR=mysql] [TEST_DATABASE_URL=mysql://...]
	@T= $(local)/test-one.sh

test-one: build ## the tests whose name holds a text, with their database: T=name [MYSQL_FLAVOR=mysql] [TEST_DATABASE_URL=mysql://...]
	@$(local)/test-one.sh

test: need-cargo ## format, clippy, all tests on MySQL, statements and rules on MariaDB, too, half a minute of chaos
	@$(local)/test.sh

test-full: need-cargo ## the same with the long forms: all tests and chaos on both servers, fuzzing [MINUTES=3] [EXAMPLES=80]
	@$(local)/test.sh full

chaos: need-cargo tools ## break everything under load, then check every row [MINUTES=3] [SEED=n] [PART=clashes|prices|tasks|dispatched|targets] [MYSQL_FLAVOR=mysql]
	@tests/chaos/run.sh

versions: need-cargo tools ## chaos on the functions of this tree and of an older commit at once: BASE=commit [MINUTES=3] [SEED=n]
	@tests/chaos/versions.sh

memory: build ## the worst accepted requests: the peak memory of each function against its MemorySize [MYSQL_FLAVOR=mysql]
	@$(local)/memory.sh

lists: need-cargo ## write the README's tables from the lists in the code
	@WRITE_LISTS=1 cargo test --quiet --profile local --locked --workspace --test api -- lists:: > /dev/null

contract: build ## lint the OpenAPI description, use clients generated from it, fuzz the API against it [EXAMPLES=80] [SEED=n]
	@tests/contract/run.sh

clients: build ## of that, the linter and the generated clients only
	@ONLY=clients tests/contract/run.sh

bench: need-cargo tools ## speed, size and cost against the floor, in one run [PART=batch,functions,starts,cost,dispatched,claims,growth,large] [ROUNDS=5] [ROWS=10000000] [PEERS=1] [DATABASE_URL=mysql://...]
	@tests/bench/run.sh

adopt: need-cargo ## adopt a table of the original service beside eight writers: seconds, longest wait, every row compared [ROWS=1000000] [MYSQL_FLAVOR=mysql]
	@$(local)/adopt.sh

soak: need-cargo tools ## a steady load for minutes, its latencies and what it costs over time, then every row checked [MINUTES=10] [RATE=10000] [KILLS=1] [PURGE=5000000] [WORKERS=2] [SEED=n] [BUILD=local] [MYSQL_FLAVOR=mysql]
	@tests/soak/run.sh

lint-template: ## sam validate, cfn-lint and checkov on template.yaml and database.yaml
	@tests/template/lint.sh

compare-template: ## what a change of template.yaml changes in the deployed resources [BASE=HEAD]
	@tests/template/compare.sh

mutants: need-cargo ## break the rules and the engine in small ways and name those that no unit test notices [FILES=...] [MINUTES=30]
	@$(local)/mutants.sh

deny: need-cargo ## licences, sources and advisories of the dependencies
	@$(local)/deny.sh

package: need-cargo ## the release binaries and .aws-sam/build, ready for `sam deploy` [ARCH=x86_64|arm64] [DATABASE_CA=file.pem]
	@$(local)/package.sh

sam-local: build ## functions under `sam local`, in containers (skipped where no Docker daemon is)
	@tests/sam/run.sh

deploy-local: build ## template.yaml deployed into an emulator of AWS, and used through its API
	@tests/deploy/run.sh

build: need-cargo tools ## the functions and the local stack
	@cargo build --quiet --profile local --locked --workspace --exclude bench --exclude chaos --exclude soak --bins

tools: ## the pinned tools of the local stack, into .local/tools
	@$(local)/tools.sh

clean: stop clean-logs ## delete what was built
	cargo clean

clean-data: stop ## delete the private databases' data
	@for data in .local/mysql/*/data .local/mariadb*/*/data; do [ ! -d $$data ] || { data=$${data%/data}; flavor=$${data%/*}; \
	  MYSQL_FLAVOR=$${flavor##*/} MYSQL_PROFILE=$${data##*/} $(local)/mysql.sh purge; }; done

clean-logs:
	@rm -rf .local/log

.PHONY: need-cargo
need-cargo:
	@command -v cargo >/dev/null || { echo "error: cargo is missing: install Rust 1.95 or later" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "error: a C compiler is missing: install gcc" >&2; exit 1; }
