"""Names that arguments take, without the modules that define them.

``tests/test_command.py`` compares them with those.
"""

DATASETS = ('ntu60', 'ntu120', 'synthetic')  # of splits.NTU_NUM_CLASSES
EMBEDDINGS = ('tsne', 'umap')  # visualization.embedding.METHODS
FEW_LABEL_ROWS = (  # reproduce.few_labels.ROWS
    'finetuned',
    'scratch',
    'linear',
    'knn',
    'propagation',
    'ridge',
    'nn',
)
LAYOUTS = ('kinect-20', 'ntu-25', 'ntu-25-crossclr')  # skeletons.LAYOUTS
SELECTIONS = ('order', 'energy', 'any')  # formats.ntu.SELECTIONS
UP_AXES = ('x', '-x', 'y', '-y', 'z', '-z')  # preprocess.UP_AXES
