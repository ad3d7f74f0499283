# NW-UCLA, cross-view, tested without the 95 copies of training clips.
_base_ = './nwucla-xview.py'

val_dataloader = test_dataloader = dict(dataset=dict(split='xview_dedup_val'))
