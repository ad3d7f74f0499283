# A CPM-style method, on top of a config of SkeletonCLR. The paper's body and
# code are not at hand: values are of ReSSL (S), of methods of the kind (V),
# recollections that nobody could verify (M), or choices of ours (O).
method = dict(
    type='CPM',
    query_temperature=0.1,  # S, V
    key_temperature=0.05,  # V; 0.04 in ReSSL and ActCLR
    include_self=True,  # M
    positives=100,  # O, of 32768
    pel='raise',  # M
    pel_begin=0.5,  # O
    max_similarity=None,  # V: ActCLR has 0.95
)
# for small sets
small_set = dict(bank_size=512, positives=8)  # O
