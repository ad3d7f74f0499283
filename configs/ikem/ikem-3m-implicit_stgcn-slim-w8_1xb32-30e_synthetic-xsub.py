# Ablation: implicit exchange alone (the paper's Table 1a).
_base_ = './ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

model = dict(exchanges=[dict(type='ImplicitExchange')])
