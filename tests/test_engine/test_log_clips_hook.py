from helpers import tiny
from mmengine.runner import Runner

from projects.ikem.datasets.prepared import read_annotations

SEMI = 'semi/semi-3m_stgcn-slim_1xb32-100e_ntu60-xsub-10pct.py'


def test_the_log_names_the_clips_of_a_training(prepared_ntu, tmp_path):
    cfg = tiny(SEMI, prepared_ntu, tmp_path)
    cfg.log_level = 'INFO'
    cfg.experiment_name = 'log_clips'
    Runner.from_cfg(cfg).train()
    (log,) = tmp_path.glob('*/*.log')
    split = read_annotations(prepared_ntu)['split']['xsub_train_10pct']
    rows = [int(name[len('clip') :]) for name in split]
    assert len(rows) == 3
    assert (
        f"training on 3 clips, split 'xsub_train_10pct' of {prepared_ntu}, "
        f'1 to 1 of each of 3 classes, rows {rows}\n'
    ) in log.read_text()
