#!/usr/bin/env bash
# Train in several processes, one a GPU.
# bash tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
# Several machines: set NNODES, NODE_RANK and MASTER_ADDR on each. Without
# GPUs the processes run on the CPU.
set -euo pipefail
USAGE="usage: ${IKEM_PROG:-bash tools/dist_train.sh} CONFIG PROCESSES [arguments of tools/train.py]"
case "${1:-}" in -h | --help) echo "$USAGE"; exit ;; esac

CONFIG=${1:?$USAGE}
GPUS=${2:?$USAGE}
NNODES=${NNODES:-1}
NODE_RANK=${NODE_RANK:-0}
PORT=${PORT:-29500}
MASTER_ADDR=${MASTER_ADDR:-127.0.0.1}
TOOLS=$(cd "$(dirname "$0")" && pwd)

PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}" \
"${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="$NNODES" --node_rank="$NODE_RANK" --nproc_per_node="$GPUS" \
    --master_addr="$MASTER_ADDR" --master_port="$PORT" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "${@:3}"
