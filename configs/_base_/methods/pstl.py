# PSTL, on top of a config of SkeletonCLR: clips without frames and joints whose
# embeddings correlate with those of whole clips. Values are those of the release:
# its initialization is torch's own, its views are drawn once for a batch, in the
# first epoch the learning rate is 0 and the weights stand still.
_base_ = './exchange_space.py'

method = dict(
    type='PSTL',
    backbone=dict(init_cfg=None),
    neck=dict(_delete_=True, type='BarlowTwinsProjector', out_channels=6144),
    bank_size=None,
    momentum=None,
    weight=2e-4,
    masked_joints=8,
    masked_frames=10,
    views=dict(shear=1.0, angle=30, minor_angle=1, flip=0.5),
)
# views are drawn by the model; the last, smaller batch counts
whole_clips = dict(
    drop_last=False, dataset=dict(pipeline=[dict(type='PackSkeleton')])
)
adam = dict(_delete_=True, type='Adam', lr=5e-3, weight_decay=1e-5)
# for small sets: lambda grows as the correlations become fewer
small_method = dict(
    method, neck=dict(method['neck'], out_channels=1024), weight=1.2e-3
)
# of `exchange`, exchange_weight may have to be larger, see docs/peers.md
