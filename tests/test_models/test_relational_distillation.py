import pytest
import torch
import torch.nn.functional as F
from plain import plain_form
from tiny_models import BANKLESS, EXCHANGE, batch, modalities_of, neck, sgd
from tiny_models import build as build_any

TEACHERS = ('joint', 'bone', 'rotation_axis')
STUDENTS = ('motion', 'joint')
D, TAU = 6, 0.07


def build(pretrained=None, teachers=TEACHERS, derived=(), **kwargs):
    return build_any(
        'RelationalDistillation',
        derived or (*teachers, 'motion'),
        **{'teachers': teachers, 'students': STUDENTS, **kwargs},
        pretrained=pretrained,
    )


@pytest.fixture(params=['SkeletonCLR', 'AimCLR', 'ActCLR'])
def teacher(request, tmp_path):
    """A pre-training and its checkpoint."""
    algorithm = build_any(request.param, TEACHERS)
    path = str(tmp_path / 'teacher.pth')
    torch.save(dict(state_dict=algorithm.state_dict()), path)
    return algorithm, path


def unit(*shape):
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


@pytest.mark.parametrize('form', ['release', 'paper'])
@pytest.mark.parametrize('topk', [1, 2])
def test_loss_and_gradient_are_those_of_the_formulas(form, topk):
    model = build(form=form, topk=topk, temperature=TAU).double()
    z = {u: unit(5, 3 * D).requires_grad_() for u in STUDENTS}
    z_t = {v: unit(5, D) for v in TEACHERS}
    z_t['teacher'] = unit(5, 3 * D)
    losses = model.distill(z, z_t)
    assert set(losses) == {f'loss_distill_{u}' for u in STUDENTS}
    expected = plain_form(model).double().distill(z, z_t)
    for u in STUDENTS:
        ours, plain = (x[f'loss_distill_{u}'] for x in (losses, expected))
        torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)
        gradients = [
            torch.autograd.grad(loss, z[u], retain_graph=True)[0]
            for loss in (ours, plain)
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
    wrapper = sgd(model, 0.1, momentum=0.9, weight_decay=0.1)
    model.train()
    for _ in range(3):
        data = batch()
        model.train_step(data, wrapper)
    after = model.state_dict()
    changed = {k for k, v in after.items() if not torch.equal(v, before[k])}
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
    with pytest.raises(RuntimeError, match='query.acceleration'):
        build(path, ('joint', 'acceleration')).init_weights()
    state = algorithm.state_dict()
    state['query.bone.extra'] = state.pop('query.bone.neck.mlp.0.bias')
    torch.save(dict(state_dict=state), path)
    with pytest.raises(RuntimeError, match=': extra[^x]*neck.mlp.0.bias'):
        build(path).init_weights()


@pytest.mark.parametrize('kind', BANKLESS)
def test_a_teacher_embeds_by_the_projectors_of_its_exchanges(kind, tmp_path):
    path = str(tmp_path / 'a.pth')
    for options in (EXCHANGE, {}):
        algorithm = build_any(kind, TEACHERS, **options)
        torch.save(dict(state_dict=algorithm.state_dict()), path)
        model = build(path)
        if not options:
            with pytest.raises(RuntimeError, match='exchange_space') as caught:
                model.init_weights()
            assert '\n' not in str(caught.value)
            continue
        model.init_weights()
        model.train()
        x = modalities_of(model)
        z = model.teacher({v: x[v][:, 0] for v in TEACHERS})
        algorithm.eval()
        f = algorithm.query.features({v: x[v][:, 0] for v in TEACHERS})
        for v in TEACHERS:
            neck = algorithm.exchange_space.neck[v]
            torch.testing.assert_close(z[v], F.normalize(neck(f[v])))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="'motion'"):
        build(derived=TEACHERS)
    with pytest.raises(ValueError, match='out_channels=18'):
        build(neck=neck(7))
    with pytest.raises(ValueError, match='at least one modality'):
        build(teachers=(), derived=TEACHERS)
    with pytest.raises(ValueError, match='form'):
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
