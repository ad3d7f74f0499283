# IKEM on NTU RGB+D.
_base_ = ['../models/ikem_stgcn-slim.py', '../schedules/pretrain_300e.py']
