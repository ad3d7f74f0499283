#!/usr/bin/env bash
# Make .venv and install the project with all it needs; nothing happens where
# that is done already. PYTHON chooses the interpreter (default: python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
STAMP=.venv/installed
# an editable install belongs to its folder
WANTED=$(pwd; cat setup.cfg pyproject.toml constraints.txt)

if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ]; then
    exit 0
fi
if ! .venv/bin/python -m pip --version > /dev/null 2>&1; then
    rm -rf .venv  # half made, or moved here
    "$PYTHON" -m venv .venv
fi
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
