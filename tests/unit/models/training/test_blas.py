"""OpenBLAS is put in front once, only on Linux, and what is used is said."""

import sys

import pytest

from selfd_models.training.blas import describe, preload

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux needs it")


@linux
def test_what_is_preloaded_already_stays_and_nothing_is_added_twice() -> None:
    more = preload({"LD_PRELOAD": "libother.so"})
    if more:  # where an OpenBLAS is installed
        assert more["LD_PRELOAD"].endswith(":libother.so")
        assert preload(more) == {}


@linux
def test_the_blas_in_use_is_said() -> None:
    told = describe({"LD_PRELOAD": "libopenblas.so.0"})
    assert told is not None
    assert "libopenblas.so.0" in told
    assert "install libopenblas0" in (describe({}) or "")


@pytest.mark.skipif(sys.platform.startswith("linux"), reason="Linux needs it")
def test_elsewhere_nothing_is_preloaded_or_said() -> None:
    assert preload({}) == {}
    assert describe({}) is None
