# The loss as the paper writes it (Eq. 7).
_base_ = './distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'

model = dict(form='paper')
