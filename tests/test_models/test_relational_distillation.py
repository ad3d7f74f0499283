import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.optim import OptimWrapper
from test_models.test_skeleton_clr import batch
from test_models.test_skeleton_clr import build as build_pretraining

TEACHERS = ('joint', 'bone', 'rotation_axis')
STUDENTS = ('motion', 'joint')
BACKBONE = dict(type='SlimSTGCN', base_channels=4, out_channels=8, dropout=0.5)
D, K, TAU = 6, 10, 0.07


def neck(d):
    return dict(
        type='MLPProjector', in_channels=8, hid_channels=8, out_channels=d
    )


def build(
    pretrained=None, teachers=TEACHERS, students=STUDENTS, derived=(), **kwargs
):
    return MODELS.build(
        dict(
            type='RelationalDistillation',
            teacher=dict(
                modalities=teachers,
                backbone=BACKBONE,
                neck=neck(D),
                pretrained=pretrained,
            ),
            data_preprocessor=dict(
                type='ModalityDataPreprocessor',
                modalities=derived or (*teachers, 'motion'),
            ),
            modalities=students,
            backbone=dict(BACKBONE, dropout=0.0),
            **{
                'neck': neck(D * len(teachers)),
                'bank_size': K,
                **kwargs,
            },
        )
    )


@pytest.fixture
def teacher(tmp_path):
    """A pre-training and its checkpoint."""
    algorithm = build_pretraining(TEACHERS)
    path = str(tmp_path / 'teacher.pth')
    torch.save(dict(state_dict=algorithm.state_dict()), path)
    return algorithm, path


def unit(*shape):
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def naive(z_u, z_t, z_v, m_t, m_v, form, topk):
    """L_{v->u} of METHOD's formulas, clip by clip and slot by slot."""
    total = 0
    for n in range(len(z_u)):
        own = z_t[n] @ z_u[n] / TAU
        s_u = [z_u[n] @ m / TAU for m in m_t]
        s_v = [z_v[n] @ m for m in m_v]
        products = [a * b for a, b in zip(s_u, s_v)]
        hits = sorted(range(len(s_v)), key=lambda i: -s_v[i].item())[:topk]
        if form == 'release':
            logits = torch.stack([own, *s_u, *products])
            positives = [0]
            positives += [1 + i for i in hits]
            positives += [1 + len(s_u) + i for i in hits]
            total = total - logits.log_softmax(0)[positives].mean()
        else:
            above = own.exp() + sum(products[i].exp() for i in hits)
            below = own.exp() + sum(p.exp() for p in products)
            total = total - (above / below).log()
    return total / len(z_u)


@pytest.mark.parametrize('form', ['release', 'paper'])
@pytest.mark.parametrize('topk', [1, 2])
def test_loss_and_gradient_are_those_of_the_formulas(form, topk):
    model = build(form=form, topk=topk, temperature=TAU).double()
    z = {u: unit(5, 3 * D).requires_grad_() for u in STUDENTS}
    z_t = {v: unit(5, D) for v in TEACHERS}
    z_t['teacher'] = unit(5, 3 * D)
    losses = model.distill(z, z_t)
    assert set(losses) == {f'loss_distill_{u}' for u in STUDENTS}
    bank = model.bank
    for u in STUDENTS:
        expected = sum(
            naive(
                z[u],
                z_t['teacher'],
                z_t[v],
                bank['teacher'],
                bank[v],
                form,
                topk,
            )
            for v in TEACHERS
        ) / len(TEACHERS)
        ours = losses[f'loss_distill_{u}']
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-10)
        gradients = [
            torch.autograd.grad(loss, z[u], retain_graph=True)[0]
            for loss in (ours, expected)
        ]
        torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)


def test_the_teacher_embeds_view_0_as_its_pretraining_would(teacher):
    algorithm, path = teacher
    model = build(path)
    model.init_weights()
    model.train()
    inputs = model.data_preprocessor(batch())['inputs']
    z_t = model.teacher({v: x[:, 0] for v, x in inputs.items()})
    algorithm.eval()
    z = algorithm.query({v: x[:, 0] for v, x in inputs.items()})
    for v in TEACHERS:
        torch.testing.assert_close(z_t[v], z[v])
    z = torch.cat(list(z.values()), 1)
    torch.testing.assert_close(z_t['teacher'], z / z.norm(dim=1, keepdim=True))


def test_the_teacher_stays_as_it_is_and_fills_the_banks(teacher):
    model = build(teacher[1])
    model.init_weights()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1
    )
    wrapper = OptimWrapper(optimizer)
    model.train()
    for _ in range(3):
        data = batch()
        model.train_step(data, wrapper)
    changed = {
        k
        for k, v in model.state_dict().items()
        if not torch.equal(v, before[k])
    }
    assert not [k for k in changed if k.startswith('teacher.')]
    for u in STUDENTS:
        assert f'query.{u}.backbone.gcn.0.tcn.conv.weight' in changed
    inputs = model.data_preprocessor(data)['inputs']
    z_t = model.teacher({v: x[:, 0] for v, x in inputs.items()})
    for name, key in z_t.items():  # the third batch of 3 is at slots 6 to 8
        torch.testing.assert_close(model.bank[name][6:9], key)
        assert torch.equal(model.bank[name][9], before[f'bank.keys_{name}'][9])


def test_students_embed_view_1(teacher):
    model = build(teacher[1])
    model.init_weights()
    data = batch()
    inputs = model.data_preprocessor(data)['inputs']
    model.train()
    bank = {k: v.clone() for k, v in model.bank.state_dict().items()}
    losses = model(inputs, mode='loss')
    model.bank.load_state_dict(bank)
    z_t = model.teacher({v: x[:, 0] for v, x in inputs.items()})
    z = model.query({u: x[:, 1] for u, x in inputs.items()})
    for name, loss in model.distill(z, z_t).items():
        torch.testing.assert_close(losses[name], loss)


def test_a_teacher_that_does_not_fit_is_refused(teacher, tmp_path):
    algorithm, path = teacher
    with pytest.raises(ValueError, match='model.teacher.pretrained'):
        build().init_weights()
    with pytest.raises(FileNotFoundError, match='pre-training first'):
        build(str(tmp_path / 'no.pth')).init_weights()
    with pytest.raises(RuntimeError, match='no encoder query.acceleration'):
        build(path, ('joint', 'acceleration')).init_weights()
    state = algorithm.state_dict()
    state['query.bone.extra'] = state.pop('query.bone.neck.mlp.0.bias')
    torch.save(dict(state_dict=state), path)
    with pytest.raises(RuntimeError) as error:
        build(path).init_weights()
    assert 'unexpected key in source state_dict: extra' in str(error.value)
    assert 'missing keys in source state_dict: neck.mlp.0.bias' in str(
        error.value
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="'motion'.*are not derived"):
        build(derived=TEACHERS)
    with pytest.raises(ValueError, match='out_channels=18'):
        build(neck=neck(7))
    with pytest.raises(ValueError, match='at least one modality'):
        build(teachers=(), derived=TEACHERS)
    with pytest.raises(ValueError, match="form is 'release' or 'paper'"):
        build(form='both')


def test_features_are_the_students(teacher):
    model = build(teacher[1])
    model.init_weights()
    model.eval()
    inputs = model.data_preprocessor(batch(views=1))['inputs']
    f = model(inputs)
    assert set(f) == set(STUDENTS)
    for u in STUDENTS:
        maps = model.query[u].backbone(inputs[u][:, 0])
        torch.testing.assert_close(f[u], maps.mean((1, 3, 4)))
