import pytest
import torch
from mmaction.registry import MODELS
from released import K, build, make

from projects.ikem.models import SlimSTGCN
from projects.ikem.models.modalities import MODALITIES
from projects.ikem.models.released import to_ours

SIX = tuple(MODALITIES)
THREE = SIX[:3]


def numbers(state, but=()):
    """The numbers of each tensor in order of size, by which it is known
    however it is laid out."""
    return {
        tuple(value.flatten().sort().values.tolist())
        for name, value in state.items()
        if name not in but
    }


@pytest.mark.parametrize(
    'kind, modalities',
    [
        ('ikem', SIX),
        ('ikem', THREE),
        ('crossclr', THREE),
        ('skeletonclr', ('bone',)),
        ('linear', SIX),
        ('linear', ('bone',)),
        ('students', THREE),
        ('students', ('joint',)),
    ],
)
def test_all_of_it_loads_strictly(kind, modalities):
    state = make(kind, len(modalities))
    unnamed = len(modalities) == 1 and kind != 'students'
    conversion = to_ours(state, modalities[0] if unnamed else None)
    assert conversion.modalities == modalities
    assert not conversion.dropped
    model = build(kind, modalities)
    model.load_state_dict(conversion.state_dict, strict=True)
    ours = model.state_dict()
    assert numbers(ours, ['bank.filled']) == numbers(state)
    assert 'bank.filled' not in ours or ours['bank.filled'] == K


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


@pytest.mark.parametrize(
    'kind, u, encoder',
    [
        ('linear', 'bone', 'encoder_q_bone'),
        ('students', 'motion', 'encoder_student_m'),
    ],
)
def test_heads_of_a_linear_evaluation(kind, u, encoder):
    state = make(kind, 3)
    ours = to_ours(state).state_dict
    for heads in ('head', 'fused_head'):
        for name in ('weight', 'bias'):
            theirs = state[f'{encoder}.fc.{name}']
            assert torch.equal(ours[f'{heads}.{u}.{name}'], theirs)
    bias = state[f'{encoder}.data_bn.bias']
    assert torch.equal(ours[f'backbone.{u}.data_bn.bias'], bias)


def pretrained(state, path, modalities):
    """A classifier of the encoders of a checkpoint."""
    torch.save(dict(state_dict=state), path)
    model = build('linear', modalities, pretrained=str(path))
    model.init_weights()
    return model


def test_students_of_a_distillation(tmp_path):
    state = make('distillation', 6)
    conversion = to_ours(state)
    assert conversion.modalities == THREE
    assert conversion.dropped == sorted(
        name for name in state if not name.startswith('encoder_student_')
    )
    ours = conversion.state_dict
    weight = state['encoder_student_m.fc.2.weight']
    assert torch.equal(ours['query.motion.neck.mlp.2.weight'], weight)
    model = pretrained(ours, tmp_path / 'a.pth', THREE)
    assert torch.equal(
        model.backbone['bone'].gcn[3].tcn.bn.running_mean,
        state['encoder_student_b.st_gcn_networks.3.tcn.3.running_mean'],
    )


def test_one_encoder_without_key_encoder_or_queue(tmp_path):
    state = make('encoder', 1)
    alone = to_ours(state, 'motion').state_dict
    model = pretrained(alone, tmp_path / 'a.pth', ['motion'])
    bias = state['encoder_q.data_bn.bias']
    assert torch.equal(model.backbone['motion'].data_bn.bias, bias)


def test_projectors_that_are_convolutions():
    """As ActCLR has them since December 2024; AimCLR's are linear."""
    state = make('skeletonclr', 1)
    convolved = {
        k: v[..., None, None] if '.fc.' in k and v.dim() == 2 else v
        for k, v in state.items()
    }
    linear, ours = (to_ours(x, 'bone') for x in (state, convolved))
    assert ours.state_dict.keys() == linear.state_dict.keys()
    for name, value in linear.state_dict.items():
        assert torch.equal(ours.state_dict[name], value), name


def test_what_the_code_of_pstl_writes(tmp_path):
    state = make('pstl', 1)
    conversion = to_ours(state, 'bone')
    assert (conversion.kind, conversion.dropped) == ('encoder', [])
    assert conversion.data_preprocessor['layout'] == 'ntu-25-crossclr'
    model = pretrained(conversion.state_dict, tmp_path / 'a.pth', ['bone'])
    assert torch.equal(
        model.backbone['bone'].gcn[3].tcn.bn.running_mean,
        state['st_gcn_networks.3.tcn.3.running_mean'],
    )
    assert numbers(model.backbone.state_dict()) == numbers(state)
    with pytest.raises(ValueError, match='--modality'):
        to_ours(state)


def test_what_the_code_of_hysp_writes():
    state = make('hysp', 1)
    conversion = to_ours(state, 'joint')
    assert (conversion.kind, conversion.dropped) == ('hysp', [])
    sizes = dict(hid_channels=1024, out_channels=1024)
    model = MODELS.build(
        dict(
            type='HYSP',
            backbone=dict(
                type='SlimSTGCN', base_channels=64, out_channels=1024
            ),
            neck=dict(type='BatchNormMLP', **sizes),
            data_preprocessor=dict(type='ModalityDataPreprocessor'),
        )
    )
    model.load_state_dict(conversion.state_dict, strict=True)
    ours = model.state_dict()
    assert len(ours) == len(state) + 2 * 9  # a graph in each block
    for mine, theirs in {
        'predictor.joint.mlp.1.weight': 'online_predictor.net.1.weight',
        'key.joint.neck.mlp.3.bias': 'target_projector.net.3.bias',
        'query.joint.backbone.gcn.9.gcn.conv.bias': (
            'online_encoder.st_gcn_networks.9.gcn.conv.bias'
        ),
    }.items():
        assert torch.equal(ours[mine], state[f'model.{theirs}']), mine


def test_a_key_encoder_that_is_missing_is_a_copy():
    state = make('skeletonclr', 1)
    state = {k: v for k, v in state.items() if not k.startswith('encoder_k')}
    model = build('skeletonclr', ['motion'])
    conversion = to_ours(state, 'motion')
    model.load_state_dict(conversion.state_dict, strict=True)
    assert 'copied' in conversion.note
    key, query = model.key.state_dict(), model.query.state_dict()
    assert all(torch.equal(key[name], query[name]) for name in query)


def test_lists_what_does_not_fit():
    state = make('crossclr', 3)
    del state['encoder_k_bone.fc.0.bias'], state['queue_ptr']
    state['encoder_q.extra'] = torch.zeros(2)
    state['queue_motion'] = torch.zeros(127, K)
    state['encoder_q.A'] = torch.zeros(())
    problems = (
        'missing: encoder_k_bone.fc.0.bias, queue_ptr; left over: '
        'encoder_q.extra; of another shape: encoder_q.A, queue_motion'
    )
    with pytest.raises(ValueError, match=problems):
        to_ours(state)


@pytest.mark.parametrize(
    'kind, key', [('students', 'encoder_student_j'), ('linear', 'encoder_q')]
)
def test_heads_of_other_shapes(kind, key):
    for shape in ((), (60,), (60, 255)):
        state = make(kind, 3)
        state[f'{key}.fc.weight'] = torch.zeros(shape)
        with pytest.raises(ValueError, match=f'shape: {key}.fc.weight'):
            to_ours(state)


def test_parts_that_disagree():
    state = make('crossclr', 3)
    rest = {k: v for k, v in state.items() if 'encoder_q_bone' not in k}
    with pytest.raises(ValueError, match='left over: encoder_k_bone'):
        to_ours(rest)
    state['queue_ptr_bone'] += 1
    with pytest.raises(ValueError, match='queue_ptr_bone is 4.* 3'):
        to_ours(state)


def test_another_graph():
    star = dict(name='mine', parents=[20] * 25, center=20, shoulders=(4, 8))
    state = make('skeletonclr', 1)
    state['encoder_k.A'] = SlimSTGCN(star).state_dict()['gcn.0.gcn.A']
    with pytest.raises(ValueError, match='graph of key.joint.* layout ntu-25'):
        to_ours(state, 'joint')


@pytest.mark.parametrize(
    'kind, number, modality, message',
    [
        ('crossclr', 1, None, '--modality.*angular_velocity'),
        ('crossclr', 1, 'omega', '--modality.*got omega'),
        ('crossclr', 3, 'joint', 'for one encoder'),
        ('students', 1, 'joint', 'for one encoder'),
    ],
)
def test_modality_of_one_encoder(kind, number, modality, message):
    with pytest.raises(ValueError, match=message):
        to_ours(make(kind, number), modality)


def test_another_model():
    with pytest.raises(ValueError, match='modules are backbones, head$'):
        to_ours({'backbones.x': torch.ones(1), 'head.x': torch.ones(1)})


def test_data_preprocessor_of_the_release():
    crossclr = dict(layout='ntu-25-crossclr', use_time_scale=False)
    ntu = dict(layout='ntu-25')
    for kind, number, modalities, settings in (
        ('ikem', 3, THREE, crossclr),
        ('linear', 3, THREE, crossclr),
        ('ikem', 6, SIX, dict(ntu, rotation_axis='raw')),
        ('distillation', 6, THREE, ntu),
        ('students', 3, THREE, ntu),
    ):
        assert to_ours(make(kind, number)).data_preprocessor == dict(
            modalities=list(modalities), **settings
        )
