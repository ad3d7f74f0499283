from .slim_stgcn import SlimSTGCN

__all__ = ['SlimSTGCN']
