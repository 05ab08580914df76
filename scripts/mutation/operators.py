"""Which errors are put in: cosmic-ray's operators, and two of our own.

Of cosmic-ray's 213 operators 185 exchange one arithmetic or comparing sign for every other one.
Of each sign the two exchanges are taken that are hardest to notice (the boundary, the opposite):
what tells `a < b` from `a <= b` tells it from `a is b` as well, and ten mutants that one test
kills together say no more than one. Everything else that cosmic-ray has and that takes no
arguments is used.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import parso
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import ExprStmt, Keyword, Name, PythonNode
from parso.tree import NodeOrLeaf

_SIGNS = (
    "Add_Sub", "Sub_Add", "Mul_FloorDiv", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul",
    "RShift_LShift", "LShift_RShift", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr",
)  # fmt: skip
_COMPARISONS = (
    "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt",
    "GtE_Lt", "Is_IsNot", "IsNot_Is",
)  # fmt: skip
_UNARY = (
    "UAdd_USub", "USub_UAdd", "USub_Invert", "Delete_USub", "Invert_USub", "Delete_Invert",
    "Delete_Not",
)  # fmt: skip
_BEFORE_ANNOTATIONS = (("tfpdef", ":"), ("annassign", ":"), ("funcdef", "->"))
_WHOLE = (
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr",
    "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop",
)  # fmt: skip


class DeleteStatement(Operator):
    """Replaces a call, an assignment, a return or a raise within a function by `pass`."""

    _TYPES = ("return_stmt", "raise_stmt", "atom_expr")

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple[object, object]]:
        """Yield the statement's place."""
        if not _is_statement(node) or node.search_ancestor("funcdef") is None:
            return
        is_bare_return = isinstance(node, Keyword) and node.value == "return"
        if node.get_code(include_prefix=False) == "return None" and _ends_function(node):
            return  # Python returns None there anyway
        if is_bare_return or isinstance(node, ExprStmt) or node.type in self._TYPES:
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """Return `pass` with the statement's indentation and comment before it."""
        return Keyword("pass", node.start_pos, node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Show one."""
        return (Example("def f():\n    g()\n", "def f():\n    pass\n"),)


class ReplaceCell(Operator):
    """Replaces a name in a table (a module's tuple) by every other of its kind in that table."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple[object, object]]:
        """Yield the cell's place, once for each name that can stand there."""
        for _ in _others(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """Put the index-th other name there."""
        node.value = _others(node)[index]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Show one."""
        return (Example("T = ((A, C), (B, C))\n", "T = ((B, C), (B, C))\n"),)


def _is_statement(node: NodeOrLeaf) -> bool:
    parent = node.parent
    return isinstance(parent, PythonNode) and parent.type == "simple_stmt"


def _ends_function(node: NodeOrLeaf) -> bool:
    return bool(node.parent.parent.children[-1] is node.parent) and (
        node.parent.parent.parent.type == "funcdef"
    )


def _others(cell: NodeOrLeaf) -> list[str]:
    """Return what else can stand there: private names anywhere, public ones in their column."""
    if not isinstance(cell, Name) or cell.parent.type != "testlist_comp":
        return []
    table = cell.search_ancestor("expr_stmt")
    if table is None or cell.search_ancestor("funcdef", "classdef") is not None:
        return []
    cells = [
        leaf
        for leaf in _leaves(table.get_rhs())
        if isinstance(leaf, Name) and leaf.parent.type == "testlist_comp"
    ]
    return sorted({other.value for other in cells if _kind(other) == _kind(cell)} - {cell.value})


def _kind(cell: NodeOrLeaf) -> tuple[int, int]:
    """Return how deep a cell stands in its table, and in which column; -1 for a private name."""
    depth = 0
    node = cell
    while node.type != "expr_stmt":
        depth += 1
        node = node.parent
    if cell.value.startswith("_"):
        return depth, -1
    return depth, sum(other.start_pos < cell.start_pos for other in cell.parent.children)


def _leaves(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    leaf = node.get_first_leaf()
    while leaf is not None and leaf.start_pos < node.end_pos:
        yield leaf
        leaf = leaf.get_next_leaf()


def _core(name: str) -> Operator:
    operator: Operator = get_operator(f"core/{name}")()
    return operator


def _all() -> dict[str, Operator]:
    names = [f"ReplaceBinaryOperator_{sign}" for sign in _SIGNS]
    names += [f"ReplaceComparisonOperator_{sign}" for sign in _COMPARISONS]
    names += [f"ReplaceUnaryOperator_{sign}" for sign in _UNARY]
    names += _WHOLE
    return {name: _core(name) for name in names} | {
        "DeleteStatement": DeleteStatement(),
        "ReplaceCell": ReplaceCell(),
    }


# By the name that the survivors' file uses.
OPERATORS: dict[str, Operator] = _all()


def mutated(source: str) -> Iterator[tuple[str, str, int]]:
    """Yield each mutant of a source: the operator's name, the text, the line of the change.

    What stands in an annotation is left alone: nobody reads it at run time.
    """
    tree = parso.parse(source)
    starts = [0]  # of each line
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _nodes(tree):
        if node is tree or _is_in_annotation(node):
            continue
        first_line, first_column = node.get_start_pos_of_prefix()
        end_line, end_column = node.end_pos
        head = source[: starts[first_line - 1] + first_column]
        tail = source[starts[end_line - 1] + end_column :]
        for name, operator in OPERATORS.items():
            for index, _place in enumerate(operator.mutation_positions(node)):
                mutant = operator.mutate(_twin(node), index)
                code = "" if mutant is None else mutant.get_code()
                yield name, head + code + tail, node.start_pos[0]


def _twin(node: NodeOrLeaf) -> NodeOrLeaf:
    """Return a copy of a node that has the same parent, which does not know of it."""
    parent = node.parent
    node.parent = None  # the copy ends here
    twin = copy.deepcopy(node)
    node.parent = twin.parent = parent
    return twin


def _nodes(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    yield node
    for child in getattr(node, "children", []):
        yield from _nodes(child)


def _is_in_annotation(node: NodeOrLeaf) -> bool:
    while node.parent is not None:
        before = node.get_previous_sibling()
        if (node.parent.type, getattr(before, "value", "")) in _BEFORE_ANNOTATIONS:
            return True
        node = node.parent
    return False
