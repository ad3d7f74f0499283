import pytest
import torch
import torch._inductor.config
from helpers import IKEM_3M, LINEAR, tiny
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from tiny_algorithms import ALGORITHMS, BACKBONE, batches, train
from tiny_models import build, modalities_of
from torch._dynamo.utils import counters

from projects.ikem.compat import require_compiler
from projects.ikem.engine.optim_wrapper import BFloat16OptimWrapper

pytestmark = [
    pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint'),
    pytest.mark.usefixtures('nothing_compiled'),
]
SHORT = 'IKEM, second stage'  # the one that is not left to the long tests


@pytest.fixture
def nothing_compiled():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def compiled_frames():
    assert not counters['graph_break']
    return counters['frames']['ok']


@pytest.mark.parametrize(
    'name, wrapper, backend',
    [
        (SHORT, OptimWrapper, 'eager'),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (
                *(
                    (n, OptimWrapper, 'eager')
                    for n in ALGORITHMS
                    if n != SHORT
                ),
                (SHORT, BFloat16OptimWrapper, 'eager'),
                ('SkeletonCLR', BFloat16OptimWrapper, 'aot_eager'),
                ('SkeletonCLR', OptimWrapper, 'inductor'),
            )
        ),
    ],
)
def test_trains_as_without(name, wrapper, backend):
    """And compiles the backbones once, for all modalities and steps, whatever
    happens to banks, pointers and key encoders."""
    exact, eager = train(name, wrapper, steps=10)
    train(name, wrapper, steps=1, compile=backend)
    once = compiled_frames()
    torch._dynamo.reset()
    counters.clear()
    losses, model = train(name, wrapper, steps=10, compile=backend)
    assert compiled_frames() == once >= 1
    near = 1e-4 if backend == 'inductor' else 1e-5
    torch.testing.assert_close(losses, exact, rtol=near, atol=near)
    state = model.state_dict()
    assert list(state) == list(eager.state_dict())
    model.eval()
    (data,) = batches(name, 1)
    inputs = model.data_preprocessor(data)['inputs']
    eager.load_state_dict(state)
    eager.eval()
    with torch.no_grad():
        for u, f in model(inputs).items():
            torch.testing.assert_close(f, eager(inputs)[u])


@pytest.mark.long
@pytest.mark.timeout(1800)  # of inductor, minutes on a busy machine
@pytest.mark.parametrize('backend', ['aot_eager', 'inductor'])
def test_the_pass_of_all_modalities(backend):
    """The numbers of eager."""
    results = []
    for options in (None, dict(backend=backend)):
        torch.manual_seed(0)
        model = build('IKEM', momentum=0.9, exchange_begin=0)
        model.double().train()
        model.set_progress(0, 1)
        if options is not None:
            model.compile(**options)
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01))
        torch.manual_seed(1)
        for _ in range(2):
            inputs = modalities_of(model)
            inputs = {u: x.double() for u, x in inputs.items()}
            data = dict(inputs=inputs, data_samples=[])
            losses = model.train_step(data, wrapper)
        losses = {name: loss.detach() for name, loss in losses.items()}
        results.append([losses, dict(model.state_dict())])
    assert compiled_frames()
    torch.testing.assert_close(*results, rtol=1e-8, atol=1e-8)


@pytest.mark.long
def test_a_run_in_two_stages_goes_on_without(prepared_ntu, tmp_path):
    """With the switch of stages, nearest neighbours while training, and a
    checkpoint that an eager run resumes from."""
    cfg = tiny(IKEM_3M, prepared_ntu, tmp_path)
    cfg.model.backbone = ConfigDict(BACKBONE)  # compiled in seconds
    cfg.model.neck.in_channels = 8
    cfg.train_cfg.update(max_epochs=3, val_interval=1)
    cfg.model.exchange_begin = 1
    cfg.default_hooks.checkpoint.interval = 1
    cfg.compile = dict(backend='aot_eager')
    Runner.from_cfg(cfg).train()
    assert compiled_frames()
    cfg.compile = False
    cfg.load_from, cfg.resume = str(tmp_path / 'epoch_2.pth'), True
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.epoch == 3


@pytest.mark.long
@pytest.mark.parametrize(
    'loop', ['EpochBasedTrainLoop', 'FrozenFeatureTrainLoop']
)
def test_linear_evaluation(prepared_ntu, tmp_path, loop):
    cfg = tiny(LINEAR, prepared_ntu, tmp_path)
    cfg.model.backbone = ConfigDict(BACKBONE)
    cfg.model.in_channels = 8
    cfg.train_cfg.type = loop
    cfg.compile = dict(backend='aot_eager')
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert compiled_frames()
    assert runner.message_hub.get_scalar('val/acc/fused_top1').current() >= 0


def test_says_what_is_missing():
    settings = {'cpp.cxx': ('none',), 'force_disable_caches': True}
    with torch._inductor.config.patch(settings):
        with pytest.raises(RuntimeError, match=r'g\+\+') as caught:
            require_compiler({})
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'options, named',
    [
        ('Ture', 'Ture'),
        (dict(bakend='eager'), 'bakend'),
        (dict(backend='eagr'), 'eagr'),
    ],
)
def test_options_that_torch_does_not_know(options, named):
    with pytest.raises(ValueError, match=named):
        require_compiler(options)
