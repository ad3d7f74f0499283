# AimCLR, on top of a config of SkeletonCLR: an extreme view beside two normal
# ones, mined neighbours in the second half. Values are those of the release,
# whose temporal filter is not normalised and whose time flip is off.
crop_and_shear = [
    dict(type='RandomTemporalCrop', ratio=6),
    dict(type='RandomShear', amplitude=0.5),
]
extreme = [
    *crop_and_shear,
    dict(type='RandomJointFlip', prob=0.5),
    dict(type='RandomRotation', max_degrees=30, other_degrees=1),
    dict(type='RandomGaussianNoise', prob=0.5, sigma=0.01),
    dict(type='RandomTemporalFilter', prob=0.5, sigma=(0.1, 2.0)),
    dict(type='RandomAxisMask', prob=0.5),
]
views = [
    dict(
        type='MultiView',
        transforms=[extreme, crop_and_shear],
        num_views=[1, 2],
    ),
    dict(type='PackSkeleton'),
]
method = dict(
    type='AimCLR',
    mining_begin=0.5,
    neighbours=1,
    distribution_weight=0.5,
    attention_threshold=0.7,
)
