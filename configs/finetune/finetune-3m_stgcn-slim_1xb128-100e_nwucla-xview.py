_base_ = './finetune-joint_stgcn-slim_1xb128-100e_nwucla-xview.py'

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview/'
    'epoch_100.pth',
)
default_hooks = dict(checkpoint=dict(save_best='acc/fused_top1'))
