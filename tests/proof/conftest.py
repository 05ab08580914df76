"""Hypothesis in the proofs: the same examples in each CI run, new ones in each long run.

`pytest tests/proof` is quick and derandomized; with `--hypothesis-profile=long` it tries 20,000
new examples of each kind, and shrinks what it finds at leisure.
"""

from __future__ import annotations

from hypothesis import HealthCheck, configuration, settings

from host_tools import ROOT

_ALL = {
    "deadline": None,  # the machine may be busy; every test has its own end
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}

configuration.set_hypothesis_home_dir(ROOT / "build" / "hypothesis")
settings.register_profile("quick", max_examples=100, derandomize=True, database=None, **_ALL)
settings.register_profile("long", max_examples=20_000, derandomize=False, **_ALL)
settings.load_profile("quick")
