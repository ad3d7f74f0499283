"""The deployed model: encoders and heads of the final prediction alone."""

import os
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from .datasets.frames import time_scale
from .datasets.prepared import read_annotations
from .files import written_aside
from .models import SkeletonClassifier, SlimSTGCN
from .models.encoder import pool
from .models.modalities import derive_modalities
from .models.persons import PERSONS

Shape = Tuple[int, int, int, int]


class Stream(nn.Module):
    """Encoder f and linear head of one modality.

    Args:
        backbone (nn.Module): Encoder.
        head (nn.Module): Head.
    """

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """Logits (N, classes) and feature (N, D) of clips (N, M, T, V, 3)."""
        f = pool(self.backbone(x))
        return self.head(f), f


class DeployedClassifier(nn.Module):
    """What :class:`SkeletonClassifier` predicts, from joints alone.

    Modalities are derived inside. With several modalities the heads are the
    ones of the fusion; those that were trained alone are left out.

    Args:
        classifier (SkeletonClassifier): The classifier, which is copied.
    """

    def __init__(self, classifier: SkeletonClassifier) -> None:
        super().__init__()
        preprocessor = classifier.data_preprocessor
        self.layout = preprocessor.layout
        self.functions = preprocessor.functions
        self.use_time_scale = preprocessor.use_time_scale
        self.skip_absent = preprocessor.skip_absent
        head = classifier.fused_head
        head = classifier.head if head is None else head
        self.backbone = deepcopy(classifier.backbone)
        self.head = deepcopy(head)
        self.requires_grad_(False).eval()

    @property
    def streams(self) -> Dict[str, Stream]:
        """dict[str, Stream]: Encoder and head of each modality."""
        return {
            u: Stream(self.backbone[u], head) for u, head in self.head.items()
        }

    def forward(
        self, joints: Tensor, raw_frames: Tensor
    ) -> Tuple[Tensor, Tensor]:
        """Classify prepared clips.

        Args:
            joints (Tensor): Clips of shape (N, M, T, V, 3), centred,
                resampled and aligned as in a prepared folder.
            raw_frames (Tensor): Raw frames of each clip, integers of shape
                (N, ); gamma is ``raw_frames / T``.

        Returns:
            tuple[Tensor, Tensor]: Scores, the softmax of the modalities' mean
            logits, of shape (N, classes), and the features, those of the
            modalities one after the other, of shape (N, sum of D).
        """
        gamma = None
        if self.use_time_scale:
            gamma = time_scale(raw_frames.to(joints), joints.size(2))
        inputs = derive_modalities(
            joints, self.head, self.layout, gamma, self.functions
        )
        if self.skip_absent:
            inputs[PERSONS] = (joints != 0).flatten(2).any(2)
        f = self.backbone.features(inputs)
        logits = [head(f[u]) for u, head in self.head.items()]
        scores = torch.stack(logits).mean(0).softmax(1)
        return scores, torch.cat(list(f.values()), 1)


class Complexity(NamedTuple):
    """Parameters and FLOPs of one clip, a multiply-add being two."""

    parameters: int
    flops: int


def count_complexity(
    streams: Mapping[str, nn.Module], shape: Shape
) -> Dict[str, Complexity]:
    """Count the parameters and FLOPs of each modality.

    Convolutions and matrix products are counted; norms, activations and the
    derivation of the modalities, all elementwise, are not.

    Args:
        streams (dict[str, nn.Module]): Modules that take a clip.
        shape (tuple[int]): (M, T, V, 3) of a clip.
    """
    result = {}
    for u, stream in streams.items():
        parameters = list(stream.parameters())
        clip = parameters[0].new_zeros(1, *shape)
        # of the order of arithmetic with the fewest of them
        encoders = [m for m in stream.modules() if isinstance(m, SlimSTGCN)]
        orders = [encoder.order for encoder in encoders]
        for encoder in encoders:
            encoder.order = 'aggregate'
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            stream.eval()(clip)
        for encoder, order in zip(encoders, orders):
            encoder.order = order
        result[u] = Complexity(
            sum(p.numel() for p in parameters), counter.get_total_flops()
        )
    return result


def counted_streams(model: nn.Module) -> Tuple[str, Mapping[str, nn.Module]]:
    """What to count, in words and by modality."""
    if isinstance(model, SkeletonClassifier):
        return (
            'encoders and the heads of the final prediction',
            DeployedClassifier(model).streams,
        )
    if hasattr(model, 'query'):
        return 'query encoders and their projectors', model.query
    raise ValueError(
        f'{type(model).__name__} is neither a classifier nor a pre-training'
    )


def prepared_shape(cfg: Config) -> Tuple[int, int]:
    """Persons and frames of the clips that the config trains on."""
    folder = Path(cfg.train_dataloader.dataset.data_root)
    if not folder.exists():
        return 2, 50
    return tuple(read_annotations(folder)['keypoint']['shape'][1:3])


def random_clips(
    model: DeployedClassifier, shape: Shape, num_clips: int
) -> Tuple[Tensor, Tensor]:
    """Clips about as large and as fast as persons are, in metres, centred.

    Every other one lacks its second person. Faster ones than a model was
    trained on would drown the comparison in its norm layers' gain.

    Args:
        model (DeployedClassifier): The model they are for.
        shape (tuple[int]): (M, T, V, 3) of a clip.
        num_clips (int): N.

    Returns:
        tuple[Tensor, Tensor]: joints (N, M, T, V, 3) and raw_frames (N, ).
    """
    generator = torch.Generator().manual_seed(num_clips)
    persons, frames, *pose = shape

    def normal(*size: int) -> Tensor:
        return torch.randn(num_clips, persons, *size, generator=generator)

    joints = 0.3 * normal(1, *pose) + 0.02 * normal(frames, *pose).cumsum(2)
    center = model.layout.center
    joints = joints - joints[..., center : center + 1, :]
    joints[::2, 1:] = 0
    raw_frames = torch.randint(
        frames, 4 * frames, (num_clips,), generator=generator
    )
    return joints, raw_frames


def export_onnx(
    model: DeployedClassifier,
    shape: Shape,
    path,
    opset: int = 18,
    tolerance: float = 1e-4,
) -> float:
    """Write one ONNX file, which takes any number of clips at once.

    The file is there afterwards only if onnxruntime computes from it what
    torch does.

    Args:
        model (DeployedClassifier): The model, on the CPU.
        shape (tuple[int]): (M, T, V, 3) of a clip.
        path (str | PathLike): The file to write.
        opset (int): Version of ONNX's operators, 18 at least. Defaults to 18.
        tolerance (float): What :func:`largest_difference` may be. Defaults
            to 1e-4.

    Returns:
        float: The largest difference.

    Raises:
        FileExistsError: If there is such a file.
        FileNotFoundError: If there is no such folder.
        ImportError: If ONNX is not installed.
        OSError: If it cannot be written.
        ValueError: If the opset is too old or too new.
        RuntimeError: If the difference is above the tolerance.
    """
    try:
        import onnxruntime  # noqa: F401  used when all else is done
        from onnx_ir.passes.common import ClearMetadataAndDocStringPass
    except ImportError as error:
        raise ImportError(
            "ONNX is not installed: pip install -e '.[export]'"
        ) from error
    if opset < 18:
        raise ValueError(f'opset is 18 at least, got {opset}')
    if os.path.exists(path):
        raise FileExistsError(f'{path} exists already')
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise FileNotFoundError(f'there is no folder {parent}')
    batch = torch.export.Dim('batch')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of torch about itself
        program = torch.onnx.export(
            model,
            random_clips(model, shape, 2),
            input_names=['joints', 'raw_frames'],
            output_names=['scores', 'features'],
            opset_version=opset,
            # the old exporter's atan2(0, 0) is NaN
            dynamo=True,
            dynamic_shapes=({0: batch}, {0: batch}),
            verbose=False,
        )
    made = program.model.opset_imports['']
    if made != opset:
        raise ValueError(
            f'torch exports opset {made} at most here, not {opset}'
        )
    # where each operator was called from, in files of this machine
    ClearMetadataAndDocStringPass()(program.model)
    with written_aside(path) as aside:
        program.save(aside)
        difference = largest_difference(model, shape, aside)
        if not difference <= tolerance:  # NaN is not, either
            raise RuntimeError(
                f'{path} is not written: onnxruntime and torch differ by '
                f'{difference:.1e}, more than {tolerance:.0e}'
            )
    return difference


def largest_difference(
    model: DeployedClassifier,
    shape: Shape,
    path,
    batch_sizes: Sequence[int] = (1, 2, 5),
) -> float:
    """Compare an ONNX file, run by onnxruntime, with the model it is of.

    Args:
        model (DeployedClassifier): The model, on the CPU.
        shape (tuple[int]): (M, T, V, 3) of a clip.
        path (str | PathLike): The file.
        batch_sizes (sequence[int]): Numbers of random clips.

    Returns:
        float: The largest absolute difference of scores and features; of
        features in parts of the largest one where that is above 1.
    """
    import onnxruntime  # an extra

    session = onnxruntime.InferenceSession(
        os.fspath(path), providers=['CPUExecutionProvider']
    )
    differences: List[float] = []
    for num_clips in batch_sizes:
        inputs = random_clips(model, shape, num_clips)
        with torch.no_grad():
            expected = [output.numpy() for output in model(*inputs)]
        joints, raw_frames = (x.numpy() for x in inputs)
        outputs = session.run(
            ['scores', 'features'], dict(joints=joints, raw_frames=raw_frames)
        )
        differences += [
            np.abs(a - b).max() / max(1, np.abs(b).max())
            for a, b in zip(outputs, expected)
        ]
    return float(np.max(differences))
