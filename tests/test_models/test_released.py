import pytest
import torch
from mmaction.registry import MODELS

from projects.ikem.checkpoint import get_state_dict
from projects.ikem.models import SlimSTGCN
from projects.ikem.models.modalities import MODALITIES
from projects.ikem.models.released import (
    to_ours,
    to_released,
)

SIX = tuple(MODALITIES)
THREE = SIX[:3]
ENDINGS = ('', '_motion', '_bone', '_acceleration', '_rotation_axis', '_omega')
K = 64


def norm(name, d):
    for last in ('weight', 'bias', 'running_mean', 'running_var'):
        yield f'{name}.{last}', (d,)
    yield f'{name}.num_batches_tracked', ()


def affine(name, *shape):
    yield f'{name}.weight', shape
    yield f'{name}.bias', shape[:1]


def encoder():
    """Names and shapes of a released encoder but its fc."""
    yield 'A', (3, 25, 25)
    yield from norm('data_bn', 75)
    channels = [3, 16, 16, 16, 16, 32, 32, 32, 64, 64, 256]
    for i, (c, d) in enumerate(zip(channels, channels[1:])):
        block = f'st_gcn_networks.{i}'
        yield from affine(f'{block}.gcn.conv', 3 * d, c, 1, 1)
        yield from norm(f'{block}.tcn.0', d)
        yield from affine(f'{block}.tcn.2', d, d, 9, 1)
        yield from norm(f'{block}.tcn.3', d)
        if i in (4, 7, 9):
            yield from affine(f'{block}.residual.0', d, c, 1, 1)
            yield from norm(f'{block}.residual.1', d)
        yield f'edge_importance.{i}', (3, 25, 25)


def mlp(name, hidden, d):
    yield from affine(f'{name}.0', hidden, 256)
    yield from affine(f'{name}.2', d, hidden)


def queues(endings, d=128):
    for end in endings:
        yield f'queue{end}', (d, K)
        yield f'queue_ptr{end}', (1,)


def encoders(tops, fc):
    names = [*encoder(), *fc]
    for top in tops:
        for name, shape in names:
            yield f'{top}.{name}', shape


def layout(kind, number):
    """Names and shapes of a released checkpoint."""
    ends = ENDINGS[:number]
    query = [f'encoder_q{end}' for end in ends]
    embed = list(mlp('fc', 256, 128))
    if kind == 'linear':
        yield from encoders(query, affine('fc', 60, 256))
        return
    yield from queues(ends)
    yield from encoders(query, embed)
    if kind == 'distillation':
        yield from queues(['_teacher'], 768)
        students = [f'encoder_student_{letter}' for letter in 'jmb']
        yield from encoders(students, mlp('fc', 768, 768))
        return
    yield from encoders([f'encoder_k{end}' for end in ends], embed)
    if kind == 'ikem':
        d = 128 * number
        for letter in 'jmbaro'[:number]:
            yield from mlp(f'mlp2{letter}', d, d)


def make(kind, number):
    """A released checkpoint of random numbers."""
    A = torch.tensor(SlimSTGCN().graph.A, dtype=torch.float32)
    special = {
        'A': lambda shape: A.clone(),
        'num_batches_tracked': lambda shape: torch.tensor(5),
        'queue_ptr': lambda shape: torch.tensor([3]),
    }
    state = {}
    for name, shape in layout(kind, number):
        last = name.split('.')[-1]
        last = 'queue_ptr' if last.startswith('queue_ptr') else last
        state[name] = special.get(last, torch.rand)(shape)
    return state


def build(kind, modalities):
    data = dict(type='ModalityDataPreprocessor', modalities=modalities)
    backbone = dict(type='SlimSTGCN')
    if kind == 'linear':
        return MODELS.build(
            dict(
                type='SkeletonClassifier',
                backbone=backbone,
                num_classes=60,
                data_preprocessor=data,
            )
        )
    algorithms = dict(
        ikem='IKEM', crossclr='CrosSCLR', skeletonclr='SkeletonCLR'
    )
    return MODELS.build(
        dict(
            type=algorithms[kind],
            backbone=backbone,
            neck=dict(
                type='MLPProjector',
                in_channels=256,
                hid_channels=256,
                out_channels=128,
            ),
            data_preprocessor=data,
            bank_size=K,
        )
    )


def assert_same(a, b):
    assert set(a) == set(b)
    for name in a:
        assert a[name].dtype == b[name].dtype, name
        assert torch.equal(a[name], b[name]), name


@pytest.mark.parametrize(
    'kind, modalities',
    [
        ('ikem', SIX),
        ('ikem', THREE),
        ('crossclr', THREE),
        ('skeletonclr', ('bone',)),
        ('linear', SIX),
        ('linear', ('bone',)),
    ],
)
def test_loads_strictly_and_comes_back(kind, modalities):
    state = make(kind, len(modalities))
    modality = modalities[0] if len(modalities) == 1 else None
    conversion = to_ours(state, modality)
    assert conversion.released.kind == kind
    assert conversion.released.modalities == modalities
    assert not conversion.dropped
    model = build(kind, modalities)
    model.load_state_dict(conversion.state_dict, strict=True)
    ours = model.state_dict()
    assert_same(ours, conversion.state_dict)
    back = to_released(ours)
    assert_same(back.state_dict, state)
    assert_same(to_ours(back.state_dict, modality).state_dict, ours)


def test_where_tensors_land():
    state = make('ikem', 6)
    ours = to_ours(state).state_dict
    for theirs, mine in {
        'encoder_q.data_bn.bias': 'query.joint.backbone.data_bn.bias',
        'encoder_k_omega.st_gcn_networks.4.tcn.0.running_var': (
            'key.angular_velocity.backbone.gcn.4.gcn.bn.running_var'
        ),
        'encoder_q_motion.st_gcn_networks.7.tcn.2.weight': (
            'query.motion.backbone.gcn.7.tcn.conv.weight'
        ),
        'encoder_q_motion.st_gcn_networks.7.tcn.3.bias': (
            'query.motion.backbone.gcn.7.tcn.bn.bias'
        ),
        'encoder_k.st_gcn_networks.9.residual.0.weight': (
            'key.joint.backbone.gcn.9.residual.conv.weight'
        ),
        'encoder_k.st_gcn_networks.9.residual.1.weight': (
            'key.joint.backbone.gcn.9.residual.bn.weight'
        ),
        'encoder_q_bone.edge_importance.2': 'query.bone.backbone.gcn.2.gcn.PA',
        'encoder_k_acceleration.fc.2.weight': (
            'key.acceleration.neck.mlp.2.weight'
        ),
        'mlp2r.0.bias': 'exchanges.1.projector.rotation_axis.mlp.0.bias',
        'mlp2m.2.weight': 'exchanges.1.projector.motion.mlp.2.weight',
    }.items():
        assert torch.equal(state[theirs], ours[mine]), mine
    keys = ours['bank.keys_rotation_axis']
    assert torch.equal(keys, state['queue_rotation_axis'].t())
    assert keys.is_contiguous()
    assert ours['bank.pointer'] == 3
    assert ours['bank.filled'] == K


def test_heads_of_a_linear_evaluation():
    state = make('linear', 6)
    conversion = to_ours(state)
    for heads in ('head', 'fused_head'):
        weight = conversion.state_dict[f'{heads}.angular_velocity.weight']
        assert torch.equal(weight, state['encoder_q_omega.fc.weight'])
    assert 'copied' in conversion.notes[0]
    ours = dict(conversion.state_dict)
    ours['head.joint.bias'] = torch.zeros(60)
    back = to_released(ours)
    assert_same(back.state_dict, state)
    assert sorted(back.dropped) == sorted(
        f'head.{u}.{p}' for u in SIX for p in ('weight', 'bias')
    )
    assert 'dropped' in back.notes[0]


def classifier(pretrained, modalities):
    model = MODELS.build(
        dict(
            type='SkeletonClassifier',
            backbone=dict(type='SlimSTGCN'),
            num_classes=60,
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=modalities
            ),
            pretrained=str(pretrained),
        )
    )
    model.init_weights()
    return model


def test_students_of_a_distillation(tmp_path):
    state = make('distillation', 6)
    conversion = to_ours(state)
    assert conversion.released.modalities == THREE
    assert conversion.dropped == sorted(
        name for name in state if not name.startswith('encoder_student_')
    )
    assert 'teacher' in conversion.notes[0]
    ours = conversion.state_dict
    weight = state['encoder_student_m.fc.2.weight']
    assert torch.equal(ours['query.motion.neck.mlp.2.weight'], weight)
    torch.save(dict(state_dict=ours), tmp_path / 'a.pth')
    model = classifier(tmp_path / 'a.pth', THREE)
    assert torch.equal(
        model.backbone['bone'].gcn[3].tcn.bn.running_mean,
        state['encoder_student_b.st_gcn_networks.3.tcn.3.running_mean'],
    )
    state['encoder_q.other'] = torch.zeros(1)
    with pytest.raises(ValueError, match='^unknown keys: encoder_q.other$'):
        to_ours(state)
    with pytest.raises(ValueError, match='modules are query$'):
        to_released(ours)


def test_one_encoder_without_key_encoder_or_queue(tmp_path):
    full = make('skeletonclr', 1)
    state = {k: v for k, v in full.items() if k.startswith('encoder_q.')}
    alone = to_ours(state, 'motion')
    assert alone.released.kind == 'encoder'
    assert 'not to go on' in alone.notes[0]
    torch.save(dict(state_dict=alone.state_dict), tmp_path / 'a.pth')
    model = classifier(tmp_path / 'a.pth', ['motion'])
    bias = state['encoder_q.data_bn.bias']
    assert torch.equal(model.backbone['motion'].data_bn.bias, bias)
    state.update(queue=full['queue'], queue_ptr=full['queue_ptr'])
    copied = to_ours(state, 'motion')
    assert 'copied' in copied.notes[0]
    model = build('skeletonclr', ['motion'])
    model.load_state_dict(copied.state_dict, strict=True)
    assert_same(model.key.state_dict(), model.query.state_dict())


def test_lists_what_does_not_fit():
    state = make('crossclr', 3)
    del state['encoder_k_bone.fc.0.bias'], state['queue_ptr']
    state['encoder_q.extra'] = torch.zeros(2)
    state['queue_motion'] = torch.zeros(127, K)
    state['encoder_q.A'] = torch.zeros(())
    with pytest.raises(ValueError) as error:
        to_ours(state)
    assert str(error.value) == (
        'missing keys: encoder_k_bone.fc.0.bias, queue_ptr; '
        'unknown keys: encoder_q.extra; '
        f'wrong shapes: encoder_q.A (), queue_motion (127, {K})'
    )


def test_lists_what_does_not_fit_on_the_way_back():
    ours = to_ours(make('ikem', 3)).state_dict
    del ours['bank.pointer']
    ours['query.foot.x'] = torch.zeros(2)
    ours['exchanges.1.projector.joint.mlp.2.bias'] = torch.zeros(5)
    with pytest.raises(ValueError) as error:
        to_released(ours)
    assert str(error.value) == (
        'missing keys: bank.pointer; unknown keys: query.foot.x; '
        'wrong shapes: exchanges.1.projector.joint.mlp.2.bias (5,)'
    )


def test_a_modality_that_lost_its_query_encoder():
    state = make('crossclr', 3)
    state = {k: v for k, v in state.items() if 'encoder_q_bone' not in k}
    with pytest.raises(ValueError, match='unknown keys: .*queue_bone'):
        to_ours(state)


def test_pointers_must_agree():
    state = make('crossclr', 3)
    state['queue_ptr_bone'] += 1
    with pytest.raises(ValueError, match='queue_ptr = 3.*queue_ptr_bone = 4'):
        to_ours(state)


def test_bank_must_be_full():
    ours = to_ours(make('skeletonclr', 1), 'joint').state_dict
    ours['bank.filled'] = torch.tensor(K - 1)
    with pytest.raises(ValueError, match=f'{K - 1} of {K} keys'):
        to_released(ours)


@pytest.mark.parametrize('reverse', [False, True])
def test_another_graph(reverse):
    toolbox = SlimSTGCN(
        layout=dict(
            name='mine',
            parents=[20] * 25,
            center=20,
            shoulders=(4, 8),
        )
    ).state_dict()['gcn.0.gcn.A']
    state = make('skeletonclr', 1)
    ours = to_ours(state, 'joint').state_dict
    state['encoder_k.A'] = ours['key.joint.backbone.gcn.4.gcn.A'] = toolbox
    with pytest.raises(ValueError, match='graph of key.joint.* layout ntu-25'):
        to_released(ours) if reverse else to_ours(state, 'joint')


@pytest.mark.parametrize(
    'number, modality, message',
    [
        (1, None, '--modality.*angular_velocity'),
        (1, 'omega', '--modality.*got omega'),
        (3, 'joint', 'for one encoder'),
    ],
)
def test_modality_of_one_encoder(number, modality, message):
    with pytest.raises(ValueError, match=message):
        to_ours(make('crossclr', number), modality)


@pytest.mark.parametrize('convert', [to_ours, to_released])
def test_another_model(convert):
    with pytest.raises(ValueError, match='modules are backbones?, head$'):
        convert({'backbones.x': torch.ones(1), 'head.x': torch.ones(1)})


def test_get_state_dict():
    state = {'a.b': torch.ones(1), 'c': torch.ones(2)}
    prefixed = {f'module.{k}': v for k, v in state.items()}
    for checkpoint in (state, prefixed, dict(state_dict=prefixed, meta={})):
        assert_same(get_state_dict(checkpoint), state)
    with pytest.raises(ValueError, match='no tensors: epoch'):
        get_state_dict(dict(state, epoch=3))
    for nothing in ({}, [1], dict(state_dict=3)):
        with pytest.raises(ValueError, match='no state dict'):
            get_state_dict(nothing)


def test_data_preprocessor_of_the_release():
    assert to_ours(make('ikem', 3)).released.data_preprocessor == dict(
        modalities=list(THREE), layout='ntu-25-crossclr', use_time_scale=False
    )
    assert to_ours(make('ikem', 6)).released.data_preprocessor == dict(
        modalities=list(SIX), layout='ntu-25', rotation_axis='raw'
    )
