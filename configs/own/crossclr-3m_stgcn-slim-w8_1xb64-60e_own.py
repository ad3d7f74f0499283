# CrosSCLR on joint, motion and bone of a small set of your own, a base to inherit:
# set data_root, the layout and a bank of about half the set.
#   bash tools/dist_train.sh \
#       configs/own/crossclr-3m_stgcn-slim-w8_1xb64-60e_own.py 1
_base_ = [
    '../_base_/models/crossclr_stgcn-slim.py',
    '../_base_/schedules/small_set.py',
    '../_base_/datasets/own.py',
]

model = dict(
    _base_.small, bank_size=512, exchange_begin=0.75, **_base_.encoder
)
train_dataloader = _base_.two_views
