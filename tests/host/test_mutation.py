"""The runner of mutants: what it keeps between two runs, and when a module passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.mutation.long_run import Tally
from scripts.mutation.mutants import Mutant, Name, mutants
from scripts.mutation.results import Results
from scripts.mutation.survivors import survivors
from scripts.mutation.targets import Target
from scripts.mutation.trial import KILLED, SURVIVED

MODULE = '''"""A module."""


class Counter:
    def add(self, by: int = 1) -> int:
        if by < 0:  # never down
            return 0
        self.total = by
        return None
'''


@pytest.fixture
def target(tmp_path: Path) -> Target:
    module = tmp_path / "firmware" / "counter.py"
    tests = tmp_path / "tests" / "test_counter.py"
    for path, text in ((module, MODULE), (tests, "# tests\n")):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return Target("counter", "group", module, "firmware.counter", (tests,), 0.9, True)


def name(operator: str, before: str, after: str) -> Name:
    return Name("counter", operator, "Counter.add", before, after)


def test_a_mutant_is_named_by_its_function_and_its_line_without_the_comment(
    target: Target,
) -> None:
    names = [mutant.name for mutant in mutants(target)]
    assert name("AddNot", "if by < 0:", "if not by < 0:") in names
    assert name("ReplaceComparisonOperator_Lt_LtE", "if by < 0:", "if by <= 0:") in names
    assert name("DeleteStatement", "self.total = by", "pass") in names
    assert name("DeleteStatement", "return 0", "pass") in names


def test_a_none_that_python_returns_by_itself_is_not_deleted(target: Target) -> None:
    assert not [mutant for mutant in mutants(target) if mutant.name.before == "return None"]


def test_a_name_outlives_lines_that_move(target: Target) -> None:
    before = [mutant.name for mutant in mutants(target)]
    target.path.write_text(f"# moved\n\n\n{MODULE}", encoding="utf-8")
    assert [mutant.name for mutant in mutants(target)] == before


def test_an_interrupted_run_goes_on(target: Target, tmp_path: Path) -> None:
    first, second = mutants(target)[:2]
    Results(target, tmp_path).put(first, KILLED)
    later = Results(target, tmp_path)
    assert (later.get(first), later.get(second), later.is_sound) == (KILLED, None, True)


@pytest.mark.parametrize("changed", ["firmware/counter.py", "tests/test_counter.py"])
def test_nothing_is_kept_over_a_change(target: Target, tmp_path: Path, changed: str) -> None:
    mutant = mutants(target)[0]
    Results(target, tmp_path).put(mutant, KILLED)
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    later = Results(replace(target), tmp_path)
    assert later.get(mutant) is None


def test_asking_only_about_survivors_is_no_evidence(target: Target, tmp_path: Path) -> None:
    killed, survived = mutants(target)[:2]
    earlier = Results(target, tmp_path)
    earlier.put(killed, KILLED)
    earlier.put(survived, SURVIVED)
    target.tests[0].write_text("# more tests\n", encoding="utf-8")
    later = Results(replace(target), tmp_path, reuse_killed=True)
    assert (later.get(killed), later.get(survived), later.is_sound) == (KILLED, None, False)


def test_a_module_passes_at_its_limit_with_every_survivor_listed(target: Target) -> None:
    mutant = Mutant(name("AddNot", "a", "b"), 1, "")
    good = Tally(target, mutants=101, killed=90, equivalent=1, explained=10)
    assert good.passed
    assert not replace(good, killed=89).passed
    assert not replace(good, unlisted=(mutant,)).passed
    assert not replace(good, noticed=(mutant.name,)).passed
    assert not replace(good, target=replace(target, explained=False)).passed


@pytest.mark.parametrize(
    ("verdict", "why"),
    [("harmless", "because"), ("unknown", "five words are a reason"), ("equivalent", "")],
)
def test_a_survivor_without_verdict_or_reason_is_refused(
    tmp_path: Path, verdict: str, why: str
) -> None:
    entry = {"module": "m", "operator": "o", "scope": "s", "before": "b", "after": "a"}
    lines = [f'{key} = "{value}"' for key, value in (entry | {"verdict": verdict}).items()]
    path = tmp_path / "survivors.toml"
    path.write_text("\n".join(["[[survivor]]", *lines, f'why = "{why}"']), encoding="utf-8")
    with pytest.raises(ValueError, match="verdict"):
        survivors(path)
