# Semi-supervised: fine-tuning of the three encoders with 10 % of the labels
# on NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/semi/semi-3m_stgcn-slim_1xb32-100e_ntu60-xview-10pct.py 1
_base_ = '../finetune/finetune-3m_stgcn-slim_1xb128-100e_ntu60-xview.py'

train_dataloader = dict(batch_size=32, dataset=dict(split='xview_train_10pct'))
custom_hooks = [dict(type='LogClipsHook')]
auto_scale_lr = dict(base_batch_size=32)
