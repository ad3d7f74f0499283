# HYSP, on top of a config of SkeletonCLR: BYOL in the Poincare ball, of a strong
# and a normal view. Values are those of the release, but for absent persons, who
# get no noise (keep_zero=False gives it them); its temporal filter is not
# normalised.
_base_ = './exchange_space.py'

crop_and_shear = [
    dict(type='RandomTemporalCrop', ratio=6),
    dict(type='RandomShear', amplitude=0.5),
]
strong = [
    *crop_and_shear,
    dict(type='RandomJointFlip', prob=0.5),
    dict(type='RandomRotation', max_degrees=30, other_degrees=1),
    dict(type='RandomGaussianNoise', prob=0.5, sigma=0.01, keep_zero=True),
    dict(type='RandomTemporalFilter', prob=0.5, sigma=(0.1, 2.0)),
    dict(type='RandomAxisMask', prob=0.5),
    dict(type='RandomTimeFlip', prob=0.5),
]
views = [
    dict(
        type='MultiView', transforms=[strong, crop_and_shear], num_views=[1, 1]
    ),
    dict(type='PackSkeleton'),
]
method = dict(
    type='HYSP',
    backbone=dict(init_cfg=None),
    neck=dict(
        _delete_=True, type='BatchNormMLP', hid_channels=256, out_channels=256
    ),
    bank_size=None,
    pace_begin=49,
    pace_end=99,
    form='artanh',
)
# For small sets, of fewer epochs. Strong views, and the hyperbolic distance from
# a third of the training on, leave of 600 iterations no more than chance.
small_method = dict(method, momentum=0.99, pace_begin=0.5, pace_end=1.0)
small_views = [
    dict(type='MultiView', transforms=crop_and_shear, num_views=2),
    dict(type='PackSkeleton'),
]
wide = dict(
    backbone=dict(base_channels=64, out_channels=1024),
    neck=dict(hid_channels=1024, out_channels=1024),
)
# once the loss is the hyperbolic distance alone, of 300 epochs
exchange = dict(exchange_begin=0.33)
