#!/usr/bin/env bash
# Make .venv and install the project with all it needs; nothing happens where
# that is done already. PYTHON chooses the interpreter (default: python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
STAMP=.venv/installed
WANTED=$(cat setup.cfg pyproject.toml constraints.txt)

if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ]; then
    exit 0
fi
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
CONSTRAINTS=(-c constraints.txt)
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'
then
    echo 'Python < 3.11: installing without constraints.txt, untested versions'
    CONSTRAINTS=()
fi
echo 'installing into .venv (takes a minute or more)'
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    ${CONSTRAINTS[@]+"${CONSTRAINTS[@]}"} -e '.[mmcv-lite,plots,tests]'
echo "$WANTED" > "$STAMP"
