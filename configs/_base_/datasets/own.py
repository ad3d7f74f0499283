# A small set of your own with splits train and val, for slim encoders on a CPU.
# Its layout: model.data_preprocessor.layout.
_base_ = './loaders.py'

data_root = 'data/own'
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, split='train'),
)
val_dataloader = test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, split='val'),
)
encoder = dict(backbone=dict(base_channels=8, out_channels=64, dropout=0.0))
classifier = dict(num_classes=60, in_channels=64, **encoder)
