#!/usr/bin/env bash
# Make .venv and install the project with all it needs; nothing happens where
# that is done already. PYTHON chooses the interpreter; without it a .venv that
# works is kept, and a new one is made by the first Python >= 3.9 on the PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STAMP=.venv/installed
CANDIDATES=(python3 python3.13 python3.12 python3.11 python3.10 python3.9)

is_supported() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9))' > /dev/null 2>&1
}

# the same of an interpreter and of an environment that it has made
identity() {
    "$1" -c 'import sys; print(sys.version.split()[0], sys.base_prefix)'
}

# neither half made nor moved here
venv_works() {
    is_supported .venv/bin/python &&
        .venv/bin/python -m pip --version > /dev/null 2>&1
}

# whether it has packages that this script did not see through
holds_packages() {
    [ ! -f "$STAMP" ] &&
        compgen -G '.venv/lib/python*/site-packages/*.dist-info' |
        grep -vE '/(pip|setuptools|wheel)-[^/]*$' > /dev/null
}

refuse() {
    echo "setup_env.sh: $1" >&2
    exit 1
}

if [ -n "${PYTHON:-}" ]; then
    is_supported "$PYTHON" || refuse "PYTHON=$PYTHON is no Python >= 3.9"
elif venv_works; then
    PYTHON=.venv/bin/python
else
    for PYTHON in "${CANDIDATES[@]}" ''; do
        is_supported "$PYTHON" && break
    done
    [ -n "$PYTHON" ] || refuse "no Python >= 3.9 among ${CANDIDATES[*]}: \
name one by PYTHON=... bash tools/setup_env.sh"
fi

IDENTITY=$(identity "$PYTHON")
# an editable install belongs to its folder
WANTED=$(pwd; echo "$IDENTITY"; cat setup.cfg pyproject.toml constraints.txt)
if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ]; then
    exit 0
fi
if ! venv_works || [ "$(identity .venv/bin/python)" != "$IDENTITY" ]; then
    ! holds_packages || refuse ".venv is of another Python or has no pip, and \
holds packages: move it away, or remove it"
    echo "making .venv with Python $IDENTITY"
    rm -rf .venv
    "$PYTHON" -m venv .venv
fi
echo 'installing into .venv (takes a minute or more)'
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-compile -c constraints.txt -e '.[mmcv-lite,plots,tests]'
# pip would take one core; a file of a package that does not compile is no error
trap 'exit 130' INT
.venv/bin/python -W ignore -m compileall -qq -j 0 .venv/lib || true
echo "$WANTED" > "$STAMP"
