"""Write a trained classifier as one ONNX file, and check it.

python tools/deployment/export_onnx.py CONFIG CHECKPOINT --out student.onnx
"""

import argparse
import os

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write a trained classifier as one ONNX file'
    )
    parser.add_argument('config', help='config of the classifier')
    parser.add_argument('checkpoint', help='its checkpoint or work dir')
    parser.add_argument('--out', required=True, help='file to write')
    parser.add_argument(
        '--shape',
        nargs=2,
        type=positive_int,
        metavar=('PERSONS', 'FRAMES'),
        help='of the prepared clips; by default what the checkpoint says',
    )
    parser.add_argument('--opset', type=int, default=18)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with one_line_errors():
        require_config(args.config)
        from projects.ikem.apis import (
            clip_shape,
            init_model,
            require_classifier,
        )
        from projects.ikem.deployment import DeployedClassifier, export_onnx

        model = require_classifier(init_model(args.config, args.checkpoint))
        num_joints = model.data_preprocessor.layout.num_joints
        shape = (
            (*args.shape, num_joints, 3) if args.shape else clip_shape(model)
        )
        deployed = DeployedClassifier(model)
        difference = export_onnx(deployed, shape, args.out, args.opset)
    parameters = sum(p.numel() for p in deployed.parameters())
    print(
        f'{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB\n'
        f'inputs   joints {("batch", *shape)}, raw_frames {("batch",)}\n'
        f'streams  {", ".join(deployed.streams)}; {parameters:,} parameters\n'
        f'largest difference of onnxruntime from torch: {difference:.1e}'
    )


if __name__ == '__main__':
    main()
