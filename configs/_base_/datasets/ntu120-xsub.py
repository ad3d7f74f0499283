# NTU RGB+D 120, cross-subject.
_base_ = './loaders.py'

data_root = 'data/ntu120'
train_dataloader = dict(dataset=dict(data_root=data_root, split='xsub_train'))
val_dataloader = test_dataloader = dict(
    dataset=dict(data_root=data_root, split='xsub_val')
)
classifier = dict(num_classes=120)
