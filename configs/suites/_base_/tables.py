# Tables 1a to 1d of the paper. A row names a run of the suite and the accuracy
# that it logged; {column} stands for the column, a split. A suite with another
# method adds a row: rows=[*_base_.tables['1d'].rows, dict(...)].
def row(title, run, metric='acc/fused_top1'):
    return dict(title=title, run=f'{run}_{{column}}_linear', metric=metric)


def streams(title, run, names='joint motion bone fused'):
    return [
        row(f'{title}, {name.replace("_", " ")}', run, f'acc/{name}_top1')
        for name in names.split()
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
        title='1d: teacher and student, fused',
        columns=['xsub', 'xview'],
        rows=[
            row('IKEM, 6 modalities (teacher)', 'ikem-6m'),
            row('IKEM, 3 modalities', 'ikem-3m'),
            row('3 students of the teacher', 'distillation-3m'),
        ],
    ),
}
del six
