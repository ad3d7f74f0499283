# Semi-supervised: fine-tuning of the three encoders with 10 % of the labels
# on NW-UCLA, cross-view. The same clips in each run; the log names their
# rows.
#   bash tools/dist_train.sh \
#       configs/semi/semi-3m_stgcn-slim_1xb32-100e_nwucla-xview-10pct.py 1
# Batches of 32, since 10 % are 102 clips, 1 % are 10: one of each action.
_base_ = '../finetune/finetune-3m_stgcn-slim_1xb128-100e_nwucla-xview.py'

train_dataloader = dict(batch_size=32, dataset=dict(split='xview_train_10pct'))
custom_hooks = [dict(type='LogClipsHook')]
auto_scale_lr = dict(base_batch_size=32)
