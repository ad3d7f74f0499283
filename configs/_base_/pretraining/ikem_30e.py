# IKEM on the synthetic set.
_base_ = ['../models/ikem_stgcn-slim.py', '../schedules/pretrain_30e.py']

model = _base_.small
