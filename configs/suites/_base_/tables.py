# Tables 1a to 1d of the paper, and 1d+, the methods that 1d compares with an
# exchange on top of each. A row names a run of the suite and the accuracy
# that it logged; {column} stands for the column, a split. A suite with another
# method adds a row: rows=[*_base_.tables['1d'].rows, dict(...)].
def row(title, run, metric='acc/fused_top1'):
    return dict(title=title, run=f'{run}_{{column}}_linear', metric=metric)


def streams(title, run, names='joint motion bone fused'):
    return [
        row(f'{title}, {name.replace("_", " ")}', run, f'acc/{name}_top1')
        for name in names.split()
    ]


def peer(title, run):
    """Two protocols: heads that are trained on the mean of their logits, as
    IKEM's, and heads that are trained alone, summed by weights .6 (joint),
    .4 (motion), .6 (bone), as those of AimCLR and after."""
    return [
        row(f'{title}, fused', run),
        row(f'{title}, ensemble .6/.4/.6', run, 'acc/ensemble_top1'),
    ]


six = 'joint motion bone acceleration rotation_axis angular_velocity fused'
tables = {
    '1a': dict(
        title='1a: explicit and implicit exchange, three modalities',
        columns=['xview'],
        rows=[
            # the second stage of CrosSCLR
            row('explicit alone (EKEM)', 'crossclr-3m'),
            row('implicit alone (IKEM)', 'ikem-3m-implicit'),
            row('both', 'ikem-3m'),
        ],
    ),
    '1b': dict(
        title='1b: CrosSCLR and IKEM, three modalities',
        columns=['xsub', 'xview'],
        rows=[
            row('SkeletonCLR, joint', 'skeletonclr-joint', 'acc/top1'),
            *streams('CrosSCLR', 'crossclr-3m'),
            *streams('IKEM', 'ikem-3m'),
        ],
    ),
    '1c': dict(
        title='1c: IKEM on three and on six modalities',
        columns=['xsub', 'xview'],
        rows=[
            *streams('3 modalities', 'ikem-3m'),
            *streams('6 modalities', 'ikem-6m', six),
        ],
    ),
    '1d': dict(
        title='1d: other methods, teacher and student',
        cost=True,
        columns=['xsub', 'xview'],
        rows=[
            *peer('SkeletonCLR', 'skeletonclr-3m'),
            row('CrosSCLR, fused', 'crossclr-3m'),
            *peer('AimCLR', 'aimclr-3m'),
            *peer('ActCLR', 'actclr-3m'),
            *peer('CPM-style', 'cpm-3m'),
            *peer('PSTL', 'pstl-3m'),
            *peer('HYSP, parameters matched', 'hysp-3m'),
            row('IKEM, 6 modalities (teacher)', 'ikem-6m'),
            row('IKEM, 3 modalities', 'ikem-3m'),
            row('3 students of the teacher', 'distillation-3m'),
        ],
    ),
    '1d+': dict(
        title='1d+: explicit and implicit exchange on top of other methods',
        cost=True,
        columns=['xsub', 'xview'],
        rows=[
            *peer('AimCLR + exchange', 'aimclr-3m-exchange'),
            *peer('ActCLR + exchange', 'actclr-3m-exchange'),
            *peer('CPM-style + exchange', 'cpm-3m-exchange'),
            *peer('PSTL + exchange', 'pstl-3m-exchange'),
            *peer('HYSP, parameters matched + exchange', 'hysp-3m-exchange'),
        ],
    ),
    'students': dict(
        title='students of three modalities of each method',
        columns=['xsub', 'xview'],
        rows=[
            row(f'3 students of {title}', f'students-of-{run}')
            for title, run in (
                ('SkeletonCLR', 'skeletonclr-3m'),
                ('IKEM', 'ikem-3m'),
                ('AimCLR + exchange', 'aimclr-3m-exchange'),
                ('ActCLR + exchange', 'actclr-3m-exchange'),
                ('CPM-style + exchange', 'cpm-3m-exchange'),
                ('PSTL + exchange', 'pstl-3m-exchange'),
                ('HYSP + exchange', 'hysp-3m-exchange'),
            )
        ],
    ),
}
del six
