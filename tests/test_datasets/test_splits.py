"""The standard splits, fractions of them, and the published list of unusable
NTU samples."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.ikem.datasets.splits import (
    NTU_TRAIN_SUBJECTS,
    find_nwucla_duplicates,
    load_missing,
    ntu_splits,
    nwucla_splits,
    per_class_subset,
    stratified_subset,
    with_label_fractions,
)

NTU = [
    'S001C001P001R001A001',  # subject 1 trains
    'S002C002P003R001A060',  # camera 2 trains, setup 2 trains
    'S032C003P045R002A061',  # subject 45 trains in NTU-120 alone
    'S033C001P106R002A120',
]


def test_ntu60():
    assert ntu_splits(NTU, 'ntu60') == dict(
        xsub_train=[NTU[0]],
        xsub_val=NTU[1:],
        xview_train=NTU[1:3],
        xview_val=[NTU[0], NTU[3]],
    )
    assert ntu_splits(NTU, 'synthetic') == ntu_splits(NTU, 'ntu60')


def test_ntu120():
    assert ntu_splits(NTU, 'ntu120') == dict(
        xsub_train=[NTU[0], NTU[2]],
        xsub_val=[NTU[1], NTU[3]],
        xset_train=NTU[1:3],
        xset_val=[NTU[0], NTU[3]],
    )


def test_ntu_subjects():
    ntu60, ntu120 = NTU_TRAIN_SUBJECTS['ntu60'], NTU_TRAIN_SUBJECTS['ntu120']
    assert len(ntu60) == 20
    assert max(ntu60) == 38
    assert ntu60 < ntu120
    assert len(ntu120 - ntu60) == 33
    assert min(ntu120 - ntu60) > 40  # NTU-60 has 40 subjects


def test_missing_samples():
    ntu60, ntu120 = load_missing('ntu60'), load_missing('ntu120')
    assert (len(ntu60), len(ntu120)) == (302, 535)
    assert ntu60 < ntu120
    assert load_missing('synthetic') == set()
    assert 'S001C002P005R002A008' in ntu60
    # samples of NTU-60 have actions 1 to 60, setups 1 to 17
    assert {name[1:4] for name in ntu60} <= {f'{i:03d}' for i in range(1, 18)}
    assert max(name[-3:] for name in ntu60) <= '060'
    # what splits are made of can be made of these names as well
    assert sum(map(len, ntu_splits(ntu120, 'ntu120').values())) == 2 * 535


def test_nwucla():
    clips = [
        f'a02_s{subject:02d}_e00_v{camera:02d}'
        for subject in (1, 2)
        for camera in (1, 2, 3)
    ]
    digests = dict(zip(clips, (b'a', b'b', b'b', b'c', b'd', b'e')))
    duplicates = find_nwucla_duplicates(digests)
    assert duplicates == {'a02_s01_e00_v03'}
    assert nwucla_splits(digests, duplicates) == dict(
        xview_train=[clips[0], clips[1], clips[3], clips[4]],
        xview_val=[clips[2], clips[5]],
        xview_dedup_train=[clips[0], clips[1], clips[3], clips[4]],
        xview_dedup_val=[clips[5]],
        xsub_train=clips[:2],
        xsub_val=clips[3:],
    )


def test_only_camera_3_repeats_camera_2():
    digests = dict(
        a01_s01_e00_v01=b'a',
        a01_s01_e00_v03=b'a',  # repeats camera 1
        a01_s01_e01_v02=b'a',  # repeats another episode
        a01_s02_e00_v03=b'a',
    )  # has no clip of camera 2
    assert find_nwucla_duplicates(digests) == set()


@given(
    st.dictionaries(st.text(max_size=4), st.integers(0, 3), max_size=120),
    st.tuples(*[st.floats(0.001, 1)] * 2),
    st.integers(0, 2**40),
    st.randoms(use_true_random=False),
)
def test_stratified_subset(labels, fractions, seed, random):
    small, large = sorted(fractions)
    names = list(labels)

    def chosen(names, fraction):
        classes = [labels[name] for name in names]
        return stratified_subset(names, classes, fraction, seed)

    subset = chosen(names, small)
    counts = Counter(labels[name] for name in subset)
    for label, n in Counter(labels.values()).items():
        assert counts[label] == max(1, round(small * n))
    assert subset == [name for name in names if name in set(subset)]
    assert set(subset) <= set(chosen(names, large))
    assert chosen(names, 1) == names
    shuffled = random.sample(names, len(names))
    assert set(chosen(shuffled, small)) == set(subset)


def test_the_subset_is_the_same_on_every_machine():
    names = [f'clip{i}' for i in range(20)]
    labels = [i % 2 for i in range(20)]
    for seed, numbers in enumerate([(4, 13, 14, 17), (0, 1, 2, 15)]):
        assert stratified_subset(names, labels, 0.2, seed) == [
            f'clip{i}' for i in numbers
        ]


@given(
    st.dictionaries(st.text(max_size=4), st.integers(0, 3), max_size=120),
    st.tuples(*[st.integers(1, 5)] * 2),
    st.integers(0, 2**40),
    st.randoms(use_true_random=False),
)
def test_per_class_subset(labels, numbers, seed, random):
    small, large = sorted(numbers)
    sizes = Counter(labels.values())
    names = [name for name in labels if sizes[labels[name]] >= large]

    def chosen(names, choose, amount):
        classes = [labels[name] for name in names]
        return choose(names, classes, amount, seed)

    subset = chosen(names, per_class_subset, small)
    counts = Counter(labels[name] for name in subset)
    assert counts == {labels[name]: small for name in names}
    assert subset == [name for name in names if name in set(subset)]
    assert set(subset) <= set(chosen(names, per_class_subset, large))
    shuffled = random.sample(names, len(names))
    assert set(chosen(shuffled, per_class_subset, small)) == set(subset)
    # the clips of a fraction begin with the same ones
    all_of_one = [name for name in names if labels[name] == 0]
    half = chosen(all_of_one, stratified_subset, 0.5)
    if half:
        assert half == chosen(all_of_one, per_class_subset, len(half))


def test_classes_with_too_few_clips():
    names, labels = 'abcde', [0, 0, 0, 2, 2]
    with pytest.raises(ValueError, match='class 2 has 2: take 2 or less'):
        per_class_subset(names, labels, 3)
    assert per_class_subset(names, labels, 3 - 1)[-2:] == ['d', 'e']
    with pytest.raises(ValueError, match='got 0'):
        per_class_subset(names, labels, 0)
    many = list(range(12))
    with pytest.raises(ValueError, match='class 4 has 1 and 7 classes more'):
        per_class_subset([f'{i}' for i in many], many, 2)


@pytest.mark.parametrize('fraction', [0, -0.1, 1.01, float('nan')])
def test_impossible_fractions(fraction):
    with pytest.raises(ValueError, match=r'in \(0, 1\]'):
        stratified_subset(['a'], [0], fraction)


def test_label_fractions_of_training_splits():
    names = [f'clip{i:03d}' for i in range(200)]
    labels = {name: i % 2 for i, name in enumerate(names)}
    split = dict(
        xsub_train=names[:160],
        xsub_val=names[160:],
        xsub_dedup_train=names[:160],
        train=names[:40],
        xsub_train_5pct=['clip000'],  # given with the data
        xview_train=[],
    )
    result = with_label_fractions(split, labels)
    assert {key: result[key] for key in split} == split
    sizes = {key: len(result[key]) for key in result if key not in split}
    assert sizes == dict(
        xsub_train_1pct=2,
        xsub_train_10pct=16,
        xsub_dedup_train_1pct=2,
        xsub_dedup_train_5pct=8,
        xsub_dedup_train_10pct=16,
        train_1pct=2,
        train_5pct=2,
        train_10pct=4,
        xview_train_1pct=0,
        xview_train_5pct=0,
        xview_train_10pct=0,
    )
    # the same clips, the same choice
    assert result['xsub_dedup_train_10pct'] == result['xsub_train_10pct']
    assert set(result['xsub_train_1pct']) < set(result['xsub_train_10pct'])
