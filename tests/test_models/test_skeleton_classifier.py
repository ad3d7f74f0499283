import pytest
import tiny_models
import torch
import torch.nn.functional as F

MODALITIES = ('joint', 'bone')
BACKBONE = dict(tiny_models.SLIM, dropout=0.5)


def build(modalities=MODALITIES, backbone=BACKBONE, **kwargs):
    return tiny_models.build(
        'SkeletonClassifier', modalities, backbone=backbone, **kwargs
    )


def batch(n=4, views=1):
    return tiny_models.batch(n, views=views)


def assert_same(ours, theirs):
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.fixture
def pretrained(tmp_path):
    algorithm = tiny_models.build(modalities=MODALITIES, backbone=BACKBONE)
    algorithm.init_weights()
    path = tmp_path / 'pretrained.pth'
    torch.save(dict(state_dict=algorithm.state_dict()), path)
    return algorithm, str(path)


def test_takes_the_query_encoders(pretrained):
    algorithm, path = pretrained
    model = build(pretrained=path)
    model.init_weights()
    for u in MODALITIES:
        theirs = algorithm.query[u].backbone.state_dict()
        assert_same(model.backbone[u].state_dict(), theirs)


def test_takes_the_encoders_of_a_classifier(tmp_path):
    other, path = build(), str(tmp_path / 'classifier.pth')
    torch.save(dict(state_dict=other.state_dict()), path)
    model = build(pretrained=path)
    model.init_weights()
    assert_same(model.backbone.state_dict(), other.backbone.state_dict())
    missing = 'no encoder query.motion.backbone or backbone.motion: was it'
    with pytest.raises(RuntimeError, match=missing):
        build(('motion',), pretrained=path).init_weights()


def test_a_checkpoint_that_does_not_fit_is_refused(pretrained, tmp_path):
    algorithm, path = pretrained
    state = algorithm.state_dict()
    del state['query.bone.backbone.gcn.3.gcn.PA']
    torch.save(dict(state_dict=state), path)
    with pytest.raises(RuntimeError, match='missing keys.*gcn.3.gcn.PA'):
        build(pretrained=path).init_weights()
    with pytest.raises(RuntimeError, match='no encoder query.motion'):
        build(('motion',), pretrained=path).init_weights()


def test_encoders_of_another_skeleton_are_refused(pretrained):
    _, path = pretrained
    kinect = dict(BACKBONE, layout='kinect-20')
    with pytest.raises(RuntimeError, match="'ntu-25'.*'kinect-20'"):
        build(pretrained=path, backbone=kinect).init_weights()


def test_a_missing_checkpoint_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match='pre-training first'):
        build(pretrained=str(tmp_path / 'no.pth')).init_weights()


def test_untrained_encoders_are_announced():
    with pytest.warns(UserWarning, match='untrained'):
        build().init_weights()


def test_frozen_encoders_do_not_change():
    model = build()
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    heads = {k: v.clone() for k, v in model.head.state_dict().items()}
    model.train()
    model.train_step(batch(), tiny_models.sgd(model, 1.0, weight_decay=0.1))
    assert_same(model.backbone.state_dict(), before)
    assert all(
        (v != heads[k]).any() for k, v in model.head.state_dict().items()
    )


def test_fine_tuning_changes_them():
    model = build(frozen=False)
    model.train()
    assert model.backbone.training
    before = {k: p.clone() for k, p in model.backbone.named_parameters()}
    model.train_step(batch(), tiny_models.sgd(model, 1.0))
    for name, p in model.backbone.named_parameters():
        if not name.endswith('conv.bias'):
            assert not torch.equal(p, before[name]), name


def test_heads_alone_and_fused():
    model = build()
    f = {u: torch.randn(4, 8) for u in MODALITIES}
    data = batch()
    labels = torch.arange(4)
    losses = model(f, data['data_samples'], mode='loss')
    fused = torch.stack([model.fused_head[u](f[u]) for u in MODALITIES])
    torch.testing.assert_close(
        losses['loss_fused'], F.cross_entropy(fused.mean(0), labels)
    )
    for u in MODALITIES:
        torch.testing.assert_close(
            losses[f'loss_{u}'], F.cross_entropy(model.head[u](f[u]), labels)
        )
    samples = model(f, data['data_samples'], mode='predict')
    for i, sample in enumerate(samples):
        torch.testing.assert_close(
            sample.pred_score['fused'], fused.mean(0)[i].softmax(0)
        )
        assert sample.pred_label == fused.mean(0)[i].argmax()
        assert set(sample.pred_score) == {*MODALITIES, 'fused'}


def test_one_modality_has_one_head():
    model = build(('joint',))
    assert model.fused_head is None
    data = model.data_preprocessor(batch())
    assert set(model(**data, mode='loss')) == {'loss_joint', 'top1_joint'}
    samples = model(**data, mode='predict')
    assert samples[0].pred_score.shape == (5,)
    torch.testing.assert_close(samples[0].pred_score.sum(), torch.tensor(1.0))


def test_unknown_mode():
    model = build()
    with pytest.raises(ValueError, match="'loss', 'predict' or 'tensor'"):
        model({u: torch.randn(4, 8) for u in MODALITIES}, mode='x')


def test_the_ensemble_sums_weighted_logits():
    weights = dict(joint=0.6, bone=0.4)
    model = build(ensemble=weights).eval()
    data = model.data_preprocessor(batch())
    logits = model.classify(model.extract_feat(data['inputs']))
    samples = model(**data, mode='predict')
    expected = (0.6 * logits['joint'] + 0.4 * logits['bone']).softmax(1)
    for sample, score in zip(samples, expected):
        torch.testing.assert_close(sample.pred_score['ensemble'], score)
        assert set(sample.pred_score) == {*MODALITIES, 'fused', 'ensemble'}
    with pytest.raises(ValueError, match="ensemble weighs .'motion'."):
        build(ensemble=dict(motion=1.0))
