"""The narrow door to arrays: one Protocol, three backends, each imported only when it is asked for.

`numpy` is the reference and serves everywhere; `mlx` serves and trains on Apple Silicon; `jax`
trains (the extra `train`), compiled, on processors and graphics cards alike.
"""

from selfd_models.ops.door import Array, ArrayOps, backend, load_ops

__all__ = ["Array", "ArrayOps", "backend", "load_ops"]
