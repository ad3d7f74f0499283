import pytest
import torch
from helpers import LINEAR, tiny
from mmaction.apis import inference_recognizer, init_recognizer
from mmaction.registry import METRICS
from mmengine.runner import Runner

pytestmark = pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')


def sample(label, **streams):
    scores = {u: torch.eye(3)[best] for u, best in streams.items()}
    return dict(gt_label=torch.tensor([label]), pred_score=scores)


SAMPLES = [
    sample(0, joint=0, bone=2, fused=1),
    sample(2, joint=2, bone=2, fused=2),
]


def matrix_of(samples, **options):
    metric = METRICS.build(dict(type='ConfusionMatrix', **options))
    metric.process(None, samples)
    (matrix,) = metric.evaluate(len(samples)).values()
    return {(i, j) for i, j in matrix.nonzero().tolist()}


@pytest.mark.parametrize(
    'options, found',
    [
        ({}, {(0, 1), (2, 2)}),
        (dict(stream='joint'), {(0, 0), (2, 2)}),
        (dict(stream='bone'), {(0, 2), (2, 2)}),
    ],
)
def test_matrix_of_a_stream(options, found):
    assert matrix_of(SAMPLES, **options) == found


def test_predictions_of_one_stream_and_of_the_toolbox():
    one = [sample(1, joint=2), sample(0, joint=0)]
    assert matrix_of(one) == {(1, 2), (0, 0)}
    plain = [dict(s, pred_score=s['pred_score']['joint']) for s in one]
    assert matrix_of(plain) == {(1, 2), (0, 0)}


def test_unknown_stream():
    with pytest.raises(ValueError, match="'motion'"):
        matrix_of(SAMPLES, stream='motion')


def test_beside_the_accuracy_in_a_training(prepared_ntu, tmp_path):
    cfg = tiny(LINEAR, prepared_ntu, tmp_path)
    cfg.val_evaluator = [cfg.val_evaluator, dict(type='ConfusionMatrix')]
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert list(tmp_path.glob('best_acc_fused_top1_*'))


def test_inference_by_the_toolbox(prepared_ntu, tmp_path):
    """Of a raw clip, of any number of frames."""
    cfg = tiny(LINEAR, prepared_ntu, tmp_path)
    model = init_recognizer(cfg, device='cpu')
    clip = dict(keypoint=torch.randn(2, 33, 25, 3).numpy(), total_frames=33)
    result = inference_recognizer(model, clip)
    assert set(result.pred_score) == {'joint', 'motion', 'bone', 'fused'}
