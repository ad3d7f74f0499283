# The learning rate of the paper's text; releases of the family have 3.0.
_base_ = './linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

optim_wrapper = dict(optimizer=dict(lr=0.1))
