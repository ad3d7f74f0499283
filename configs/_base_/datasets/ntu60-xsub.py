# NTU RGB+D 60, cross-subject.
_base_ = './loaders.py'

data_root = 'data/ntu60'
train_dataloader = dict(dataset=dict(data_root=data_root, split='xsub_train'))
val_dataloader = test_dataloader = dict(
    dataset=dict(data_root=data_root, split='xsub_val')
)
classifier = dict(num_classes=60)
