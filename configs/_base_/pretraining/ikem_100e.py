# IKEM on NW-UCLA.
_base_ = ['../models/ikem_stgcn-slim.py', '../schedules/pretrain_100e.py']

model = _base_.small
