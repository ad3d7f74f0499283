# NTU RGB+D 60 for fine-tuning: training clips augmented as one view of the
# pre-training, test clips as they are.
_base_ = './ntu60_single-view.py'

train_pipeline = [
    dict(type='RandomTemporalCrop', ratio=6),
    dict(type='RandomShear', amplitude=0.5),
    dict(type='PackSkeleton'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
