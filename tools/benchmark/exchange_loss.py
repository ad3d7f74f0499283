"""Time and memory of the explicit exchange, beside its plain form.

python tools/benchmark/exchange_loss.py --modalities 6 --batch 128 --bank 32768

The plain form is how the method is usually written: for each ordered pair of
modalities the [N, 1 + 2K] logits, a mask of positives, and a softmax.
"""

import argparse

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--modalities', type=positive_int, default=6)
    parser.add_argument('--batch', type=positive_int, default=128)
    parser.add_argument('--bank', type=positive_int, default=32768)
    parser.add_argument('--steps', type=positive_int, default=5)
    parser.add_argument('--threads', type=positive_int, default=2)
    parser.add_argument('--device', help='by default a GPU if there is one')
    args = parser.parse_args()
    with one_line_errors():
        from exchange_forms import run

        run(args)


if __name__ == '__main__':
    main()
