#!/usr/bin/env bash
# Install into .venv and run the tests; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup_env.sh
.venv/bin/python -m ruff check .
.venv/bin/python -m ruff format --check --quiet .
# a process a core
exec .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal "$@"
