"""Two-view samples per second by workers, and the memory of workers.

python tools/benchmark/dataloader.py            # clips made for the purpose
python tools/benchmark/dataloader.py data/ntu60
python tools/benchmark/dataloader.py --memory

The train dataloader of a config, to the tensor that the data preprocessor
yields on the device, joints alone; beside it the same with the toolbox's
collate function, which leaves a list of data samples. With --memory whole
epochs of it and what the processes occupy after each: PSS, in which a page
that several processes share counts once. Clips made for the purpose are in a
temporary folder, and of the size of NTU RGB+D 60.
"""

import argparse

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config

CONFIG = 'configs/ikem/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub.py'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'data_root', nargs='?', help='prepared folder; by default made'
    )
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--workers', type=int, nargs='+')
    parser.add_argument('--clips', type=positive_int, default=40000)
    parser.add_argument(
        '--batches', type=positive_int, default=50, help='a round'
    )
    parser.add_argument('--rounds', type=positive_int, default=5)
    parser.add_argument('--memory', action='store_true')
    parser.add_argument('--epochs', type=positive_int, default=20)
    parser.add_argument('--threads', type=positive_int, default=1)
    parser.add_argument('--device', help='by default a GPU if there is one')
    args = parser.parse_args()
    with one_line_errors():
        require_config(args.config)
        from loading_speed import run

        run(args)


if __name__ == '__main__':
    main()
