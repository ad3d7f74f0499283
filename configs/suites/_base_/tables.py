# Tables 1a to 1d of the paper. A row names a run of the suite and the accuracy
# that it logged; {column} stands for the column, a split.


def streams(title, run, names):
    return {
        f'{title}, {name.replace("_", " ")}': dict(
            run=run, metric=f'acc/{name}_top1'
        )
        for name in names
    }


tables = {
    '1a': dict(
        title='1a: explicit and implicit exchange, three modalities',
        columns=['xview'],
        rows={
            # the second stage of CrosSCLR
            'explicit alone (EKEM)': dict(
                run='crossclr-3m_{column}_linear', metric='acc/fused_top1'
            ),
            'implicit alone (IKEM)': dict(
                run='ikem-3m-implicit_{column}_linear', metric='acc/fused_top1'
            ),
            'both': dict(
                run='ikem-3m_{column}_linear', metric='acc/fused_top1'
            ),
        },
    ),
    '1b': dict(
        title='1b: CrosSCLR and IKEM, three modalities',
        columns=['xsub', 'xview'],
        rows={
            'SkeletonCLR, joint': dict(
                run='skeletonclr-joint_{column}_linear', metric='acc/top1'
            ),
            **streams(
                'CrosSCLR',
                'crossclr-3m_{column}_linear',
                ['joint', 'motion', 'bone', 'fused'],
            ),
            **streams(
                'IKEM',
                'ikem-3m_{column}_linear',
                ['joint', 'motion', 'bone', 'fused'],
            ),
        },
    ),
    '1c': dict(
        title='1c: IKEM on three and on six modalities',
        columns=['xsub', 'xview'],
        rows={
            **streams(
                '3 modalities',
                'ikem-3m_{column}_linear',
                ['joint', 'motion', 'bone', 'fused'],
            ),
            **streams(
                '6 modalities',
                'ikem-6m_{column}_linear',
                [
                    'joint',
                    'motion',
                    'bone',
                    'acceleration',
                    'rotation_axis',
                    'angular_velocity',
                    'fused',
                ],
            ),
        },
    ),
    '1d': dict(
        title='1d: teacher and student, fused',
        columns=['xsub', 'xview'],
        rows={
            'IKEM, 6 modalities (teacher)': dict(
                run='ikem-6m_{column}_linear', metric='acc/fused_top1'
            ),
            'IKEM, 3 modalities': dict(
                run='ikem-3m_{column}_linear', metric='acc/fused_top1'
            ),
            '3 students of the teacher': dict(
                run='distillation-3m_{column}_linear', metric='acc/fused_top1'
            ),
        },
    ),
}
