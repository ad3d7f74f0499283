_base_ = './finetune-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    pretrained='work_dirs/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
)
