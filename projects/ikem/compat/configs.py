"""Configs of ours as bases of others."""

import functools


def mend_own_configs() -> None:
    """mmengine has a fixed table of packages whose configs can be bases; and
    of such a base it takes the package for the scope of registries, which
    ours is not.
    """
    from mmengine.config import Config
    from mmengine.config.utils import MODULE2PACKAGE

    from ikem_cli.places import SCOPE, find_config

    if 'ikem' in MODULE2PACKAGE:
        return
    MODULE2PACKAGE['ikem'] = 'ikem'  # for mmengine.hub.get_config
    get_cfg_path = Config._get_cfg_path

    @functools.wraps(get_cfg_path)
    def get_path_of_ours(cfg_path: str, filename: str):
        if not cfg_path.startswith(SCOPE):
            return get_cfg_path(cfg_path, filename)
        found = find_config(cfg_path)
        if found == cfg_path:
            raise FileNotFoundError(
                f'{cfg_path} is no config of ikem: `ikem configs` lists them'
            )
        return found, None

    Config._get_cfg_path = staticmethod(get_path_of_ours)
