# Ablation: explicit exchange alone (the paper's Table 1a).
_base_ = './ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

model = dict(exchanges=[dict(type='ExplicitExchange')])
