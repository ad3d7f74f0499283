# All modalities, in the paper's order; configs named 6m train on these.
six_modalities = [
    'joint',
    'motion',
    'bone',
    'acceleration',
    'rotation_axis',
    'angular_velocity',
]
