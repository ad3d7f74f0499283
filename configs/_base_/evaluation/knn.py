# The nearest neighbours of held-out clips among the training clips, while
# pre-training and of any of its checkpoints.
val_cfg = dict(type='KNNValLoop', gallery_split='xsub_train', k=(1, 20))
test_cfg = dict(type='KNNTestLoop', gallery_split='xsub_train', k=(1, 20))
# 'gpu' gathers by the process group, on CPUs too
val_evaluator = dict(
    type='AccMetric',
    metric_list='top_k_accuracy',
    metric_options=dict(top_k_accuracy=dict(topk=1)),
    collect_device='gpu',
)
test_evaluator = val_evaluator
