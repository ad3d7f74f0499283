#!/usr/bin/env bash
# From nothing to tables of accuracies: installs into .venv, makes
# synthetic skeletons, prepares them, pre-trains, evaluates. Seven minutes on
# 2 CPU cores; uses a GPU where there is one.
set -euo pipefail
START=$(date +%s)
cd "$(dirname "$0")/.."
bash tools/setup_env.sh
exec .venv/bin/python tools/quickstart.py --started "$START" "$@"
