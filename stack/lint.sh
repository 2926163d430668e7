#!/bin/sh
# Every check that needs nothing running. Goes on after a failure, so that one run shows them all.
set -u

PYTHON=.venv/bin/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=

check() {
    title=$1
    shift
    echo "== $title"
    "$@" || failed="$failed $title;"
}

check "ruff" "$PYTHON" -m ruff check
check "ruff format" "$PYTHON" -m ruff format --check
check "mypy" "$PYTHON" -m mypy warehouse ingestion expectations pipeline serving stack dags bench tests
check "sqlfluff" "$PYTHON" -m sqlfluff lint --disable-progress-bar dbt_project
check "import directions" "$PYTHON" -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo
check "dbt parse" env FOOTFALL_HOME="$scratch" "$PYTHON" -m pipeline.dbt

if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
