"""A training step beside the passes of its encoders, each timed alone.

python tools/benchmark/pass_cost.py configs/aimclr/CONFIG.py --batch 32

Says what an algorithm costs beyond its passes: augmentation is not part of
it, losses, banks, moving averages and the optimiser are. All are timed in
turn, medians and their ratio are printed.
"""

import argparse
from functools import partial
from statistics import median
from time import perf_counter

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config

# passes with gradient in a step, and others
PASSES = dict(
    SkeletonCLR=(1, 1),
    CrosSCLR=(1, 1),
    IKEM=(1, 1),
    CPM=(1, 1),
    AimCLR=(2, 1),
    ActCLR=(3, 3),
    HYSP=(2, 2),
    PSTL=(3, 0),
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='of a pre-training')
    number = partial(parser.add_argument, type=positive_int)
    number('--batch', default=32)
    number('--frames', default=50)
    number('--steps', default=9)
    number('--threads', default=2)
    add_cfg_options(parser)
    return parser.parse_args()


def run(args: argparse.Namespace) -> None:
    import torch
    from mmaction.registry import MODELS
    from mmaction.structures import ActionDataSample
    from mmengine.optim import OptimWrapper
    from mmengine.registry import init_default_scope

    from projects.ikem.engine.cli import read_config
    from projects.ikem.engine.config_check import apply_options

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    def clips(views, joints):
        samples = [ActionDataSample() for _ in range(args.batch)]
        for sample in samples:
            sample.set_field(1.5, 'time_scale')
        shape = (args.batch, views, 2, args.frames, joints, 3)
        return dict(inputs=torch.randn(shape), data_samples=samples)

    def stepping(kind):
        cfg = read_config(args.config)
        apply_options(cfg, args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        if kind is not None:  # with what all have
            neck = dict(type='MLPProjector', out_channels=128)
            known = 'backbone', 'data_preprocessor'
            cfg.model = dict(
                type=kind, neck=neck, **{k: cfg.model[k] for k in known}
            )
        model = MODELS.build(cfg.model).train()
        model.set_progress(1, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        wrapper = OptimWrapper(optimizer)
        joints = model.data_preprocessor.layout.num_joints
        data = clips(model.num_views, joints)
        return model, data, lambda: model.train_step(data, wrapper)

    model, data, step = stepping(None)
    kind = type(model).__name__
    if kind not in PASSES:
        raise ValueError(
            f'the passes of {kind} are not known here: give a config of one '
            f'of {", ".join(PASSES)}'
        )
    _, _, plain = stepping('SkeletonCLR')
    view = {
        u: x[:, 0] for u, x in model.data_preprocessor(data)['inputs'].items()
    }

    def with_gradient():
        sum(f.sum() for f in model.query.features(view).values()).backward()

    @torch.no_grad()
    def without():
        (model.key or model.query).features(view)

    times = {'step': [], 'SkeletonCLR': [], 'query': [], 'key': []}
    for i in range(args.steps + 2):
        for name, timed in zip(times, (step, plain, with_gradient, without)):
            begin = perf_counter()
            timed()
            if i >= 2:
                times[name].append(perf_counter() - begin)
    ms = {name: 1000 * median(values) for name, values in times.items()}
    grad, others = PASSES[kind]
    more = (grad - 1) * ms['query'] + (others - 1) * ms['key']
    print(
        f'{kind} {ms["step"]:.0f} ms, SkeletonCLR {ms["SkeletonCLR"]:.0f} ms; '
        f'a pass with gradient {ms["query"]:.0f} ms, without '
        f'{ms["key"]:.0f} ms'
    )
    alone = grad * ms['query'] + others * ms['key']
    print(f'to its {grad} + {others} passes alone: {ms["step"] / alone:.2f}')
    ratio = ms['step'] / (ms['SkeletonCLR'] + more)
    print(f'to SkeletonCLR and its further passes: {ratio:.2f}')


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        run(args)


if __name__ == '__main__':
    main()
