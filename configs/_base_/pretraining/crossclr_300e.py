# CrosSCLR on NTU RGB+D.
_base_ = ['../models/crossclr_stgcn-slim.py', '../schedules/pretrain_300e.py']
