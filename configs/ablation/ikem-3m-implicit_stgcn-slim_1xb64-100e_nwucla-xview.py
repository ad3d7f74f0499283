# IKEM on joint, motion and bone of NW-UCLA, cross-view, implicit exchange
# alone (Table 1a of the paper).
#   bash tools/dist_train.sh \
#       configs/ablation/ikem-3m-implicit_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = '../ikem/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

model = dict(exchanges=[dict(type='ImplicitExchange')])
