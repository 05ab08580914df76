"""The list of surviving mutants says nothing of a source that is no longer there."""

from __future__ import annotations

from functools import cache

import pytest

from scripts.mutation import operators, survivors
from scripts.mutation.mutants import Mutant, mutants
from scripts.mutation.targets import Target, targets

each_target = pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)


@cache
def made(target: Target) -> list[Mutant]:
    return mutants(target)


@each_target
def test_every_listed_survivor_is_a_mutant_of_todays_source(target: Target) -> None:
    own = [one for one in survivors.survivors() if one.name.module == target.name]
    assert survivors.stale(own, made(target)) == []


def test_every_listed_survivor_is_listed_once_and_of_a_module_that_is_mutated() -> None:
    names = [one.name for one in survivors.survivors()]
    assert len(names) == len(set(names))
    assert {name.module for name in names} <= {target.name for target in targets()}


def test_few_are_called_equivalent() -> None:
    every = sum(len(made(target)) for target in targets() if target.explained)
    equivalent = [one for one in survivors.survivors() if one.verdict == survivors.EQUIVALENT]
    assert len(equivalent) <= survivors.EQUIVALENT_SHARE * every


def test_of_states_and_gate_no_survivor_is_merely_harmless() -> None:
    strict = {target.name for target in targets() if target.limit == 1.0}
    assert {"states", "gate"} <= strict
    assert [
        one.name
        for one in survivors.survivors()
        if one.name.module in strict and one.verdict != survivors.EQUIVALENT
    ] == []


@each_target
def test_every_mutant_differs_from_its_source_and_from_the_others(target: Target) -> None:
    source = target.path.read_text(encoding="utf-8")
    texts = {mutant.source for mutant in made(target)}
    assert len(texts) == len(made(target)) > 0
    assert source not in texts
    assert len({mutant.name for mutant in made(target)}) == len(texts)


@each_target
def test_the_tests_that_must_notice_exist(target: Target) -> None:
    assert [path for path in target.tests if not path.is_file()] == []


@pytest.mark.parametrize("own", [operators.DeleteStatement, operators.ReplaceCell])
def test_our_own_operators_do_what_their_examples_show(own: type[operators.Operator]) -> None:
    name = own.__name__
    for example in own.examples():
        texts = [
            text
            for operator, text, _line in operators.mutated(example.pre_mutation_code)
            if operator == name
        ]
        assert texts[0] == example.post_mutation_code


def test_an_annotation_is_no_place_for_an_error() -> None:
    source = "x: int | None = a\ndef f(a: int | None = 1) -> int | str:\n    pass\n"
    assert {name for name, _text, _line in operators.mutated(source)} == {"NumberReplacer"}
