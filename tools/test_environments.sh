#!/usr/bin/env bash
# Install into environments of several kinds, one after another, run a fast
# part of the tests in each, and print a table. An environment takes about ten
# minutes and up to 8 GB, which are freed after it.
#
#   bash tools/test_environments.sh [FOLDER [ENVIRONMENT...]]
#
# FOLDER keeps the logs (default: a temporary one, removed after success).
# ENVIRONMENT is any of
#   3.9 ... 3.13  that Python, which the PATH has to have
#   crowded       beside a recent transformers, an old numpy, the headless
#                 OpenCV, mmdet and mmpose; first without timm, then with it
#   torchvision   beside the torchvision of another torch
#   onedl         with the maintained fork of mmengine in its place
# The last three are made by $PYTHON (default: python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PROJECT='.[mmcv-lite,plots,tests]'
SUBSET=(
    tests/test_compat tests/test_checkpoint.py tests/test_evaluation
    tests/test_datasets/{test_formats,test_gen_modality.py}
    tests/test_datasets/{test_skeleton_dataset,test_transforms}.py
    tests/test_models/test_{modalities,skeleton_clr,ikem,losses}.py
    tests/test_models/test_memory_bank.py
    tests/test_tools/test_label_subset.py
    # pre-training, linear evaluation, test, resumption; mmaction2's train.py
    tests/test_tools/test_train.py::test_{pretraining_to_accuracy,no_validate}
    tests/test_tools/test_train.py::test_{resume_and_seed,amp_and_auto_scale_lr}
    tests/test_tools/test_train.py::test_mmaction2_trains_its_own_config_on_our_data
)
FOLDER=${1:-}
shift $(($# > 0))
[ $# -gt 0 ] || set -- 3.9 3.11 3.13 crowded
TEMPORARY=
if [ -z "$FOLDER" ]; then
    FOLDER=$(mktemp -d)
    TEMPORARY=1
fi
mkdir -p "$FOLDER"
FOLDER=$(cd "$FOLDER" && pwd)
VENV=$(mktemp -d "$FOLDER/venv.XXXXXX")
trap 'rm -rf "$VENV"' EXIT
unset PYTHONPATH
export PYTHONNOUSERSITE=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
FAILURES=0

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

install() {
    case "$1" in
        3.*) pip_install -c constraints.txt -e "$PROJECT" ;;
        crowded)
            pip_install -e "$PROJECT" torchvision 'transformers>=5' \
                'numpy<2' opencv-python-headless &&
                pip_install --no-deps mmdet mmpose
            ;;
        torchvision)
            pip_install -c constraints.txt -e "$PROJECT" &&
                pip_install --no-deps 'torchvision<0.28'
            ;;
        onedl)
            pip_install -c constraints.txt -e "$PROJECT" &&
                "$VENV/bin/python" -m pip uninstall --quiet -y mmengine &&
                pip_install --no-deps onedl-mmengine
            ;;
        *) echo "test_environments.sh: unknown environment $1" ; return 1 ;;
    esac
}

versions() {
    "$VENV/bin/python" - << 'EOF'
import platform
from importlib.metadata import distributions
names = (
    'torch torchvision numpy opencv-python opencv-python-headless mmcv-lite '
    'mmengine onedl-mmengine setuptools transformers timm mmdet mmpose'
).split()
found = {d.metadata['Name']: d.version for d in distributions()}
print(f'Python {platform.python_version()},', ', '.join(
    f'{name} {found[name]}' for name in names if name in found))
EOF
}

row() {
    printf '%-14s %-7s %-7s %-26s %7s  %s\n' "$@"
}

# import and test in the environment as it is now: name, seconds of install
measure() {
    local log=$FOLDER/$1.log imported=ok start=$SECONDS tested
    "$VENV/bin/python" -c 'import projects.ikem' >> "$log" 2>&1 ||
        imported=FAILS
    "$VENV/bin/python" -m pytest -q -p no:xdist -p no:cacheprovider \
        "${SUBSET[@]}" >> "$log" 2>&1 || FAILURES=$((FAILURES + 1))
    tested=$(tail -n 1 "$log" |
        grep -oE '[0-9]+ (passed|failed|skipped|errors?)' | paste -sd ' ')
    row "$1" "$2" "$imported" "${tested:-FAILS}" $((SECONDS - start)) \
        "$(versions)"
}

row environment install import subset seconds versions
for NAME in "$@"; do
    case "$NAME" in
        3.*) INTERPRETER=python$NAME ;;
        *) INTERPRETER=${PYTHON:-python3} ;;
    esac
    LOG=$FOLDER/$NAME.log
    START=$SECONDS
    rm -rf "$VENV"
    if ! "$INTERPRETER" -m venv "$VENV" > "$LOG" 2>&1; then
        row "$NAME" - - "no $INTERPRETER" - -
        FAILURES=$((FAILURES + 1))
    elif ! install "$NAME" >> "$LOG" 2>&1; then
        row "$NAME" FAILS - "$(tail -n 1 "$LOG")" - -
        FAILURES=$((FAILURES + 1))
    else
        measure "$NAME" $((SECONDS - START))
        if [ "$NAME" = crowded ]; then
            START=$SECONDS
            pip_install timm >> "$LOG" 2>&1
            measure crowded+timm $((SECONDS - START))
        fi
    fi
    rm -rf "$VENV"
done
if [ $FAILURES -gt 0 ]; then
    echo "test_environments.sh: $FAILURES failed, logs in $FOLDER" >&2
    exit 1
fi
[ -z "$TEMPORARY" ] || rm -rf "$FOLDER"
