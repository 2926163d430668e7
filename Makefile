# Footfall on one machine. `make help` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up down status test lint bench lock docs environment

PYTHON := .venv/bin/python
FOOTFALL := $(PYTHON) -m stack.cli

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

up: environment ## Start everything, wait until it is healthy, print the addresses
	@$(FOOTFALL) up

down: environment ## Stop everything; data and secrets stay
	@$(FOOTFALL) down

status: environment ## Tell how each part is
	@$(FOOTFALL) status

test: environment ## Run the whole test suite; starts what it needs, leaves nothing behind
	@$(PYTHON) -m pytest --numprocesses auto --dist loadfile

lint: environment ## Check style, types, SQL, import directions and the dbt project
	@sh stack/lint.sh

bench: environment ## Measure, and print the figures
	@for file in bench/*.py; do \
		case $$file in */_*) continue ;; esac; \
		name=$${file#bench/}; $(PYTHON) -m "bench.$${name%.py}" || exit 1; \
	done

lock: environment ## Resolve requirements.in into requirements.txt
	@$(PYTHON) -m uv pip compile requirements.in -o requirements.txt --python-version 3.11 \
		--generate-hashes --quiet

docs: environment ## Write the generated pages of docs/reference
	@$(PYTHON) -m stack.reference

# .venv from the lock file; costs nothing where it is up to date
environment:
	@sh stack/environment.sh
