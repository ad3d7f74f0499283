import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper

MODALITIES = ('joint', 'motion', 'bone')


def build(modalities=MODALITIES, dropout=0.0, **kwargs):
    model = MODELS.build(
        dict(
            type='SkeletonCLR',
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=modalities
            ),
            backbone=dict(
                type='SlimSTGCN',
                base_channels=4,
                out_channels=8,
                dropout=dropout,
            ),
            neck=dict(
                type='MLPProjector',
                in_channels=8,
                hid_channels=8,
                out_channels=6,
            ),
            **{'bank_size': 10, **kwargs},
        )
    )
    model.init_weights()
    return model


def batch(n=3, t=12, views=2):
    data = dict(inputs=[], data_samples=[])
    for _ in range(n):
        sample = ActionDataSample()
        sample.set_field(1.5, 'time_scale')
        data['data_samples'].append(sample)
        data['inputs'].append(torch.randn(views, 2, t, 25, 3))
    return data


def test_a_step_is_the_one_of_the_method():
    """Query, EMA from the parameters before the optimiser's step, keys,
    losses on the bank as it was, write."""
    model = build(momentum=0.9)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    wrapper = OptimWrapper(optimizer)
    model.train_step(batch(), wrapper)  # lets query and key differ

    data = batch()
    inputs = model.data_preprocessor(data)['inputs']
    before = {k: v.clone() for k, v in model.state_dict().items()}
    logs = model.train_step(data, wrapper)
    after = model.state_dict()

    reference = build(momentum=0.9)
    reference.load_state_dict(before)
    total = 0
    for u in MODALITIES:
        for (name, key), query in zip(
            reference.key[u].named_parameters(),
            reference.query[u].parameters(),
        ):
            key.data = 0.9 * key + 0.1 * query
            torch.testing.assert_close(after[f'key.{u}.{name}'], key.data)
        query, key = reference.query[u], reference.key[u]
        z = F.normalize(
            query.neck(query.backbone(inputs[u][:, 0]).mean((1, 3, 4)))
        )
        zhat = F.normalize(
            key.neck(key.backbone(inputs[u][:, 1]).mean((1, 3, 4)))
        )
        logits = (
            torch.cat(
                [(z * zhat).sum(1, True), z @ before[f'bank.keys_{u}'].T], 1
            )
            / 0.07
        )
        loss = -logits.log_softmax(1)[:, 0].mean()
        torch.testing.assert_close(logs[f'loss_{u}'], loss.detach())
        # 3 keys of the step before lie in the slots before
        torch.testing.assert_close(after[f'bank.keys_{u}'][3:6], zhat.detach())
        torch.testing.assert_close(
            after[f'bank.keys_{u}'][:3], before[f'bank.keys_{u}'][:3]
        )
        total = total + loss
    torch.testing.assert_close(logs['loss'], total.detach())
    total.backward()
    for (name, p), q in zip(
        reference.query.named_parameters(), model.query.parameters()
    ):
        torch.testing.assert_close(q.data, p.data - 0.5 * p.grad, msg=name)


def test_keys_get_no_gradient_and_start_as_the_query():
    model = build()
    for (name, key), query in zip(
        model.key.state_dict().items(), model.query.state_dict().values()
    ):
        assert torch.equal(key, query), name
    losses = model(**model.data_preprocessor(batch()), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.key.parameters())
    assert all(p.grad is not None for p in model.query.parameters())


def test_key_encoders_keep_statistics_of_their_own():
    model = build()
    model.train()
    data = batch()
    data['inputs'] = [
        x * torch.tensor([1.0, 5.0]).view(2, 1, 1, 1, 1)
        for x in data['inputs']
    ]  # views of different scale
    model(**model.data_preprocessor(data), mode='loss')
    query = model.query['joint'].backbone.data_bn.running_var
    key = model.key['joint'].backbone.data_bn.running_var
    assert (key > 2 * query).all()


@pytest.mark.parametrize(
    'modalities',
    [
        ('joint',),
        MODALITIES,
        (
            'joint',
            'motion',
            'bone',
            'acceleration',
            'rotation_axis',
            'angular_velocity',
        ),
    ],
)
def test_any_set_of_modalities(modalities):
    model = build(modalities)
    losses = model(**model.data_preprocessor(batch()), mode='loss')
    assert set(losses) == {
        f'{name}_{u}'
        for name in ('loss', 'std', 'positive', 'negative')
        for u in modalities
    }
    assert all(loss.isfinite() for loss in losses.values())


def test_features():
    model = build()
    f = model(**model.data_preprocessor(batch()))
    assert {u: x.shape for u, x in f.items()} == {
        u: (3, 8) for u in MODALITIES
    }


def test_other_backbones_of_the_toolbox():
    model = MODELS.build(
        dict(
            type='SkeletonCLR',
            data_preprocessor=dict(type='ModalityDataPreprocessor'),
            backbone=dict(
                type='AAGCN', graph_cfg=dict(layout='nturgb+d', mode='spatial')
            ),
            neck=dict(type='MLPProjector', in_channels=256, out_channels=6),
            bank_size=8,
        )
    )
    losses = model(**model.data_preprocessor(batch()), mode='loss')
    assert losses['loss_joint'].isfinite()


def test_errors():
    model = build()
    with pytest.raises(ValueError, match='takes 2 views'):
        model(**model.data_preprocessor(batch(views=1)), mode='loss')
    with pytest.raises(ValueError, match='SkeletonClassifier'):
        model(**model.data_preprocessor(batch()), mode='predict')
