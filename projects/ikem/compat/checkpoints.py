"""Read checkpoints without executing them."""


def mend_local_checkpoints() -> None:
    """mmengine 0.10.7 calls ``torch.load`` without ``weights_only``: torch >=
    2.6 then refuses mmengine's own checkpoints, older ones execute whatever a
    file holds. What it downloads is executed on all of them. Ours admits what
    mmengine writes and nothing else.

    Upstream: open-mmlab/mmengine#1606. Keep the restriction in any case.
    """
    from mmengine.runner import CheckpointLoader, checkpoint

    from projects.ikem.checkpoint import load_from_local, load_url

    CheckpointLoader.register_scheme('', load_from_local, force=True)
    checkpoint.load_url = load_url  # of all that mmengine downloads
