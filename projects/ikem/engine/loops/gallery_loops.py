"""Evaluation of encoders without training: queries against a gallery."""

from copy import deepcopy
from typing import Dict, Iterator, List, Optional, Sequence, Union

import torch
from mmaction.registry import LOOPS
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, TestLoop, ValLoop
from torch import Tensor

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.engine.unwrap import unwrap
from projects.ikem.evaluation.knn import (
    average_precision,
    first_hit,
    knn_scores,
    stream_similarity,
)

from .frozen_feature_loop import extract_features


class GalleryMixin:
    """Compare the features of each batch with those of a gallery.

    Features are those of the model's ``'tensor'`` mode, in eval mode and
    without autocast. The ranks share the extraction of the gallery, and the
    queries as in any loop of mmengine, with its hooks, evaluator and
    collection of results. The random state of a training is left as it is.

    Args:
        runner (Runner): The runner.
        dataloader (dict): Config of the queries' dataloader, which serves the
            gallery too, except for its folder and split.
        evaluator (Evaluator | dict | list): Metrics.
        gallery_split (str, optional): Split of the gallery, such as
            ``'xsub_train'``. By default the gallery is the data set of the
            config's ``train_dataloader``.
        gallery_root (str, optional): Prepared folder of the gallery. With
            ``gallery_split`` it defaults to that of the queries, or of the
            training if theirs has no such split.

    A clip that is in the gallery as well, by its name, is left out of its own
    neighbours; the log says how many there are.

    Raises:
        ValueError: If ``gallery_split`` is neither given nor in the config.
    """

    stage: str  # as in the names of the hooks

    def __init__(
        self,
        runner: Runner,
        dataloader: Dict,
        evaluator: Union[Evaluator, Dict, List],
        gallery_split: Optional[str] = None,
        gallery_root: Optional[str] = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator)
        gallery = deepcopy(dataloader)
        gallery['dataset'] = _gallery_dataset(
            runner, dataloader['dataset'], gallery_split, gallery_root
        )
        self.gallery_dataloader = runner.build_dataloader(
            gallery, seed=runner.seed
        )
        # or each pass would draw from torch's global state
        self.dataloader.generator = torch.Generator()

    def run(self) -> Dict[str, float]:
        """Evaluate; the model returns to the mode it was in."""
        model = self.runner.model
        was_training = model.training
        self.num_left_out = 0
        metrics = super().run()
        model.train(was_training)
        if self.num_left_out:
            self.runner.logger.warning(
                f'{self.num_left_out} of the clips are in the gallery as well '
                'and were left out of their own neighbours'
            )
        # not to be held while training
        del self.gallery, self.labels, self.row_of
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Dict) -> None:
        """Compare a batch with the gallery.

        Args:
            idx (int): Index of the batch.
            data_batch (dict): The batch.
        """
        model = unwrap(self.runner.model)
        if idx == 0:  # after hooks that exchange the weights, as EMAHook does
            self.extract_gallery(model)
        batch = dict(batch_idx=idx, data_batch=data_batch)
        self.runner.call_hook(f'before_{self.stage}_iter', **batch)
        data = model.data_preprocessor(data_batch, False)
        similarity = stream_similarity(
            model(**data, mode='tensor'), self.gallery.features
        )
        self.leave_out(similarity, data['data_samples'])
        outputs = self.compare(similarity, data['data_samples'])
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook(
            f'after_{self.stage}_iter', outputs=outputs, **batch
        )

    def extract_gallery(self, model: torch.nn.Module) -> None:
        """Features by modality and labels of the gallery."""
        self.gallery = extract_features(
            model, self.gallery_dataloader, progress=True
        )
        labels = [sample.gt_label for sample in self.gallery.data_samples]
        features = next(iter(self.gallery.features.values()))
        self.labels = torch.cat(labels).to(features.device)  # (G, )
        self.row_of = {
            sample.get('frame_dir'): row
            for row, sample in enumerate(self.gallery.data_samples)
        }

    def leave_out(
        self, similarity: Dict[str, Tensor], data_samples: List
    ) -> None:
        """Make the similarity of clips to themselves the smallest."""
        pairs = [
            (i, self.row_of[name])
            for i, name in enumerate(s.get('frame_dir') for s in data_samples)
            if name is not None and name in self.row_of
        ]
        if not pairs:
            return
        if len(self.labels) == 1:
            raise ValueError('the gallery is the clip alone that is compared')
        self.num_left_out += len(pairs)
        rows, columns = zip(*pairs)
        for s in similarity.values():
            s[list(rows), list(columns)] = -torch.inf

    def compare(
        self, similarity: Dict[str, Tensor], data_samples: List
    ) -> List:
        """Write into the queries' data samples what their similarity to the
        gallery, of shape (N, G) by stream, says."""
        raise NotImplementedError


# where a data set is and what of it
_PLACES = ('data_root', 'ann_file', 'split')


def _gallery_dataset(
    runner: Runner,
    queries: Dict,
    split: Optional[str],
    root: Optional[str],
) -> Dict:
    """Config of the gallery: clips as the queries are, of another split."""
    like = next(_parts(queries))
    train = (runner.cfg.get('train_dataloader') or {}).get('dataset', {})
    parts = [part for part in _parts(train) if 'split' in part]
    if split is not None and like.get('data_root') is None:
        return dict(like, split=split)  # of the toolbox, with a file
    if split is not None:
        roots = [
            like['data_root'],
            *(p['data_root'] for p in parts if p.get('data_root')),
        ]
        having = (x for x in roots if split in read_annotations(x)['split'])
        root = root or next(having, roots[0])
        return dict(like, split=split, data_root=root)
    if not parts:
        raise ValueError(
            'the config has no train_dataloader.dataset.split to take the '
            'gallery from: set gallery_split of val_cfg and test_cfg'
        )
    galleries = [
        dict(like, **{k: part[k] for k in _PLACES if k in part})
        for part in parts
    ]
    for gallery in galleries if root else ():
        gallery['data_root'] = root
    if len(galleries) == 1:
        return galleries[0]
    return dict(type='ConcatDataset', datasets=galleries)


def _parts(dataset: Dict) -> Iterator[Dict]:
    """Configs of the data sets that one is made of."""
    inner = dataset.get('datasets') or dataset.get('dataset')
    if inner is None:
        yield dataset
    for part in inner if isinstance(inner, (list, tuple)) else [inner]:
        if part is not None:
            yield from _parts(part)


class KNNMixin(GalleryMixin):
    """Classify by the nearest neighbours in a gallery.

    Sets ``pred_score`` of each data sample to a dict with an entry for each
    stream and number of neighbours, such as ``'joint_knn1'`` and
    ``'fused_knn20'``, so that ``AccMetric`` reports
    ``acc/joint_knn1_top1``; ``pred_label`` is taken from the last one.

    Args:
        k (sequence[int]): Numbers of neighbours. Defaults to (1, 20).
        temperature (float): t of the votes ``exp(similarity / t)``. Defaults
            to 0.1.
        **kwargs: Arguments of :class:`GalleryMixin`.

    Raises:
        ValueError: If a number of neighbours is not from 1 to that of the
            gallery's clips.
    """

    def __init__(
        self,
        *args,
        k: Sequence[int] = (1, 20),
        temperature: float = 0.1,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        num = len(self.gallery_dataloader.dataset)
        for number in k:
            if not 1 <= number <= num:
                raise ValueError(
                    f'{number} neighbours are asked for in a gallery of {num} '
                    'clips: set k of val_cfg and test_cfg'
                )
        self.k = tuple(k)
        self.temperature = temperature

    def compare(
        self, similarity: Dict[str, Tensor], data_samples: List
    ) -> List:
        """Set ``pred_score`` (shares of the votes) and ``pred_label``."""
        num_classes = int(self.labels.max()) + 1
        scores = {
            f'{stream}_knn{k}': knn_scores(
                s, self.labels, num_classes, k, self.temperature
            )
            for stream, s in similarity.items()
            for k in self.k
        }
        for i, sample in enumerate(data_samples):
            score = {name: s[i] for name, s in scores.items()}
            sample.set_field(score, 'pred_score')
            last = list(score.values())[-1]
            sample.set_pred_label(last.argmax(0, keepdim=True))
        return data_samples


@LOOPS.register_module()
class KNNValLoop(KNNMixin, ValLoop):
    """Validate by nearest neighbours, see :class:`KNNMixin`."""

    stage = 'val'


@LOOPS.register_module()
class KNNTestLoop(KNNMixin, TestLoop):
    """Test by nearest neighbours, see :class:`KNNMixin`."""

    stage = 'test'


@LOOPS.register_module()
class SkeletonRetrievalTestLoop(GalleryMixin, TestLoop):
    """Retrieve clips of the queries' classes from a gallery.

    Sets ``retrieved`` of each data sample to a dict by stream, of dicts with
    the names of the nearest clips (``neighbours``), the rank of the first one
    that is of the query's class (``first_hit``, from 1), and the average
    precision over the whole gallery (``average_precision``), for
    :class:`SkeletonRetrievalMetric` and to be dumped.

    Args:
        num_neighbours (int): How many names are kept. Defaults to 10.
        **kwargs: Arguments of :class:`GalleryMixin`.
    """

    stage = 'test'

    def __init__(self, *args, num_neighbours: int = 10, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.num_neighbours = num_neighbours

    def compare(
        self, similarity: Dict[str, Tensor], data_samples: List
    ) -> List:
        """Set ``retrieved``."""
        labels = torch.cat([sample.gt_label for sample in data_samples])
        labels = labels.to(self.labels.device)[:, None]
        names = [sample.frame_dir for sample in self.gallery.data_samples]
        retrieved = [{} for _ in data_samples]
        for stream, s in similarity.items():
            order = s.argsort(1, descending=True)  # (N, G)
            others = s.gather(1, order) > -torch.inf  # than the clip itself
            hits = (self.labels[order] == labels) & others
            nearest = [
                row[kept][: self.num_neighbours].tolist()
                for row, kept in zip(order, others)
            ]
            ranks = first_hit(hits).tolist()
            precisions = average_precision(hits).tolist()
            for i, found in enumerate(retrieved):
                found[stream] = dict(
                    neighbours=[names[j] for j in nearest[i]],
                    first_hit=ranks[i],
                    average_precision=precisions[i],
                )
        for sample, found in zip(data_samples, retrieved):
            sample.set_field(found, 'retrieved')
        return data_samples
