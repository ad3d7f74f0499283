# IKEM on joint, motion and bone of the synthetic set, cross-subject,
# implicit exchange alone (Table 1a of the paper).
#   bash tools/dist_train.sh \
#       configs/ablation/ikem-3m-implicit_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = '../ikem/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

model = dict(exchanges=[dict(type='ImplicitExchange')])
