# Ablation: implicit exchange alone (the paper's Table 1a).
# The paper reports 82.3 % in linear evaluation, fused (84.1 % with both).
_base_ = './ikem-3m_stgcn-slim_1xb128-300e_ntu60-xview.py'

model = dict(exchanges=[dict(type='ImplicitExchange')])
