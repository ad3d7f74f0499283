"""Test a checkpoint with the test set and metrics of its config."""

from mmengine.config import Config

from projects.ikem.engine.cli import (
    apply_options,
    base_parser,
    build_runner,
    leave,
    load_config,
    one_line_errors,
)


def parse_args():
    parser = base_parser('Test a checkpoint')
    parser.add_argument('checkpoint', help='its path, or that of its work dir')
    parser.add_argument('--dump', help='write the predictions to this .npz')
    parser.add_argument(
        '--show-dir', help='folder for drawings of the predictions'
    )
    parser.add_argument(
        '--show', action='store_true', help='draw predictions in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='draw each n-th sample'
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=2,
        help='seconds that a window stays',
    )
    args = parser.parse_args()
    if args.dump and not args.dump.endswith('.npz'):
        parser.error('--dump writes arrays: end its name with .npz')
    return args


def merge_args(cfg: Config, args) -> Config:
    """Apply the arguments of testing; --cfg-options have the last word."""
    if args.show or args.show_dir is not None:
        if 'visualization' not in cfg.default_hooks:
            raise ValueError(
                '--show and --show-dir need default_hooks.visualization='
                'dict(type="VisualizationHook") in the config'
            )
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
            interval=args.interval,
        )
    if args.dump is not None:
        evaluators = cfg.test_evaluator
        if not isinstance(evaluators, (list, tuple)):
            evaluators = [evaluators]
        cfg.test_evaluator = [
            *evaluators,
            dict(type='DumpPredictions', out_file_path=args.dump),
        ]
    cfg.load_from = args.checkpoint
    apply_options(cfg, args.cfg_options)
    return cfg


def main():
    with one_line_errors('test.py'):
        args = parse_args()
        build_runner(merge_args(load_config(args), args)).test()
        leave()


if __name__ == '__main__':
    main()
