# ActCLR, on top of a config of SkeletonCLR: the second phase after AimCLR, whose
# checkpoint `load_from` takes. Values are those of the release (9b1b4be). The
# transforms of the strong and the normal view shrink in three steps, of 100
# epochs in the release; after these all views are plain.
def views_of(step):
    def scheduled(transforms, numbers, slot):
        return dict(
            type='ScheduledSubset',
            transforms=transforms,
            schedule=[(i * step, number) for i, number in enumerate(numbers)],
            slot=slot,
        )

    def flip_to_mask(sigma):
        return [
            dict(type='RandomJointFlip', prob=0.5),
            dict(type='RandomRotation', max_degrees=30, other_degrees=1),
            dict(type='RandomGaussianNoise', prob=0.5, sigma=sigma),
            dict(type='RandomTemporalFilter', prob=0.5, sigma=(0.1, 2.0)),
            dict(type='RandomAxisMask', prob=0.5),
        ]

    speed_and_bones = [
        dict(type='RandomResample', prob=0.5, ratio=(0.5, 1.5)),
        dict(type='RandomBoneRescale', scale=(0.0, 0.5)),
    ]
    crop_and_shear = [
        dict(type='RandomTemporalCrop', ratio=6),
        dict(type='RandomShear', amplitude=0.5),
    ]
    plain = [scheduled(crop_and_shear, ['all', 'all', 'all', 0], 0)]
    normal = scheduled(flip_to_mask(0.01), ['all', 3, 1, 0], 1)
    strong = scheduled(
        [*flip_to_mask(0.05), *speed_and_bones], ['all', 5, 3, 0], 2
    )
    views = dict(
        type='MultiView',
        transforms=[[*plain, strong], [*plain, normal], plain],
        num_views=[1, 1, 2],
    )
    return [views, dict(type='PackSkeleton')]


views_300e = views_of(100)
views_100e = views_of(34)
views_30e = views_of(10)
method = dict(
    type='ActCLR',
    bank_size=65536,
    late_swap_begin=2 / 3,  # epoch 200 of 300
    topk=8192,
    key_temperature=0.04,
    query_temperature=0.1,
    max_similarity=0.95,
    exchange_begin=0.0,
)
# for small sets: the same eighth of the bank
small_set = dict(bank_size=1024, topk=128)
