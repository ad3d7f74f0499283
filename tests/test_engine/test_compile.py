import pytest
import torch
import torch._inductor.config
from helpers import CONFIGS, tiny
from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from test_models.test_ikem import build as build_slim
from test_models.test_ikem import inputs as slim_inputs
from tiny_algorithms import ALGORITHMS, BACKBONE, batches, train
from torch._dynamo.utils import counters

from projects.ikem.compat import require_compiler
from projects.ikem.engine.optim_wrapper import BFloat16OptimWrapper

TWO_STAGES = 'ikem/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
LINEAR = 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

pytestmark = [
    pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint'),
    pytest.mark.usefixtures('nothing_compiled'),
]


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
        *((name, OptimWrapper, 'eager') for name in ALGORITHMS),
        ('IKEM, second stage', BFloat16OptimWrapper, 'eager'),
        ('SkeletonCLR', BFloat16OptimWrapper, 'aot_eager'),
        pytest.param(
            'SkeletonCLR', OptimWrapper, 'inductor', marks=pytest.mark.slow
        ),
    ],
)
def test_trains_as_without(name, wrapper, backend):
    """And compiles the backbones once with gradient, once without, for all
    modalities, whatever happens to banks, pointers and key encoders."""
    exact, eager = train(name, wrapper, steps=10)
    losses, model = train(name, wrapper, steps=10, compile=backend)
    near = 1e-4 if backend == 'inductor' else 1e-5
    torch.testing.assert_close(losses, exact, rtol=near, atol=near)
    assert 1 <= compiled_frames() <= 2
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


@pytest.mark.parametrize(
    'backend',
    ['aot_eager', pytest.param('inductor', marks=pytest.mark.slow)],
)
def test_the_pass_of_all_modalities(backend):
    """One graph with gradient, one without, and the numbers of eager."""
    results = []
    for options in (None, dict(backend=backend)):
        torch.manual_seed(0)
        model = build_slim(momentum=0.9, exchange_begin=0).double().train()
        model.set_progress(0, 1)
        if options is not None:
            model.compile(**options)
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01))
        torch.manual_seed(1)
        for _ in range(2):
            inputs = slim_inputs(model)['inputs']
            inputs = {u: x.double() for u, x in inputs.items()}
            data = dict(inputs=inputs, data_samples=[])
            losses = model.train_step(data, wrapper)
        losses = {name: loss.detach() for name, loss in losses.items()}
        results.append([losses, dict(model.state_dict())])
    assert compiled_frames() == 2
    torch.testing.assert_close(*results, rtol=1e-8, atol=1e-8)


def test_a_run_in_two_stages_goes_on_without(prepared_ntu, tmp_path):
    """With the switch of stages, nearest neighbours while training, and a
    checkpoint that an eager run resumes from."""
    cfg = tiny(Config.fromfile(CONFIGS / TWO_STAGES), prepared_ntu, tmp_path)
    cfg.model.backbone = ConfigDict(BACKBONE)  # compiled in seconds
    cfg.model.neck.in_channels = 8
    cfg.train_cfg.update(max_epochs=3, val_interval=1)
    cfg.model.exchange_begin = 1
    cfg.default_hooks.checkpoint.interval = 1
    cfg.compile = dict(backend='aot_eager')
    Runner.from_cfg(cfg).train()
    # training and validation, with and without gradient, a smaller batch
    assert 3 <= compiled_frames() <= 5
    cfg.compile = False
    cfg.load_from, cfg.resume = str(tmp_path / 'epoch_2.pth'), True
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.epoch == 3


@pytest.mark.parametrize(
    'loop', ['EpochBasedTrainLoop', 'FrozenFeatureTrainLoop']
)
def test_linear_evaluation(prepared_ntu, tmp_path, loop):
    cfg = tiny(Config.fromfile(CONFIGS / LINEAR), prepared_ntu, tmp_path)
    cfg.model.backbone = ConfigDict(BACKBONE)
    cfg.model.in_channels = 8
    cfg.train_cfg.type = loop
    cfg.compile = dict(backend='aot_eager')
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert 1 <= compiled_frames() <= 3
    assert runner.message_hub.get_scalar('val/acc/fused_top1').current() >= 0


def test_says_what_is_missing():
    settings = {'cpp.cxx': ('none',), 'force_disable_caches': True}
    with torch._inductor.config.patch(settings):
        with pytest.raises(
            RuntimeError, match='here .Invalid.*such as g'
        ) as e:
            require_compiler({})
    assert len(str(e.value).splitlines()) == 1


@pytest.mark.parametrize(
    'options, message',
    [
        ('Ture', "compile is True, False or a dict .* got 'Ture'"),
        (dict(bakend='eager'), "compile is .*'backend'.* got {'bakend'"),
        (dict(backend='eagr'), "compile.backend is one of .* got 'eagr'"),
    ],
)
def test_options_that_torch_does_not_know(options, message):
    with pytest.raises(ValueError, match=message):
        require_compiler(options)
