# Two commands matter: `make run` and `make test`. Both set up what they need; tools/ has the steps.

.DEFAULT_GOAL := help
.PHONY: help run test watch chaos fuzz bench bench-tasks clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: ## Set up, build, create the demo shop and serve it (PORT=9000 for another port)
	@tools/run.sh

test: ## Set up and run every check and test, in the browser too
	@tools/test.sh

watch: ## Set up and serve, rebuilding and reloading the page at every save
	@tools/watch.sh

chaos: ## Set up and run tasks under random faults on both stores (TASKS=20000 SEED=1 SECONDS_MAX=600)
	@tools/chaos.sh

fuzz: ## Look for files that the reader of spreadsheets cannot stand (FUZZ_SECONDS=60)
	@tools/fuzz.sh

bench: ## Measure exports, reading and imports against others and print tables (QUICK=1: a little of everything)
	@tools/bench.sh

bench-tasks: ## Measure the task runner and print a table (QUICK=1: a little of everything)
	@tools/bench_tasks.sh

clean: ## Remove everything built or installed in this folder; ./data stays
	rm -rf target .tools end2end/node_modules end2end/.venv end2end/test-results end2end/playwright-report
