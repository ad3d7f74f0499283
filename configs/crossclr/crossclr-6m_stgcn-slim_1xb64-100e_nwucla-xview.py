_base_ = './crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

model = dict(
    data_preprocessor=dict(
        modalities=[
            'joint',
            'motion',
            'bone',
            'acceleration',
            'rotation_axis',
            'angular_velocity',
        ]
    ),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
