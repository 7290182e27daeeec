from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fbr_engine.config import MasksConfig
from fbr_engine.errors import ConfigError
from fbr_engine.refinement import REFINERS, chain_text, refine_chain, useful_chains

ROOT = Path(__file__).parents[2]


def test_a_chain_is_names_in_order() -> None:
    assert refine_chain("none") == ()
    assert refine_chain("pamr") == ("pamr",)
    assert refine_chain("walk, crf") == ("walk", "crf")
    assert [chain_text(c) for c in ((), ("crf",), ("crf", "pamr"))] == ["none", "crf", "crf,pamr"]
    assert MasksConfig(refine="pamr, crf").refine == "pamr,crf"


@pytest.mark.parametrize("text", ["", "magic", "pamr,", "pamr,pamr", "none,pamr", "PAMR", "pamr;crf"])
def test_what_is_no_chain_is_refused_with_the_names(text: str) -> None:
    for make in (refine_chain, lambda refine: MasksConfig(refine=refine)):
        with pytest.raises(ConfigError, match=r"must be none, or some of pamr, crf, walk, each once") as error:
            make(text)
        assert repr(text) in str(error.value)


def test_useful_chains_are_chains_each_once() -> None:
    chains = useful_chains()
    assert set(REFINERS) < set(chains)
    assert {"pamr,crf", "walk,crf"} < set(chains)
    assert len(set(chains)) == len(chains)
    assert all(chain_text(refine_chain(chain)) == chain for chain in chains)


def test_names_need_no_torch() -> None:
    code = "import sys, fbr_engine.refinement, fbr_engine.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
