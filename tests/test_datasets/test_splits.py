"""The standard splits, and the published list of unusable NTU samples."""

from projects.ikem.datasets.splits import (
    NTU_TRAIN_SUBJECTS,
    find_nwucla_duplicates,
    load_missing,
    ntu_splits,
    nwucla_splits,
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
