# Ablation: explicit exchange alone (the paper's Table 1a).
_base_ = './ikem-3m_stgcn-slim_1xb128-300e_ntu120-xset.py'

model = dict(exchanges=[dict(type='ExplicitExchange')])
