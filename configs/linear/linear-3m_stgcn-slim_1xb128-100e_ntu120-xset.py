_base_ = './linear-joint_stgcn-slim_1xb128-100e_ntu120-xset.py'

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu120-xset/'
    'epoch_300.pth',
)
default_hooks = dict(checkpoint=dict(save_best='acc/fused_top1'))
