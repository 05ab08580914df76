"""The file of targets: what it describes, and what its errors name."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.bench import kinds
from host_tools.bench.joint import targets_file
from host_tools.bench.joint.crew import sane_jobs
from host_tools.bench.joint.targets_file import TargetsFileError
from host_tools.bench.kinds import Spec, SpecError

_LAB = '[lab]\nkind = "labgrid"\nplace = "garage"\n'


def read(folder: Path, text: str) -> list[Spec]:
    path = folder / "targets.toml"
    path.write_text(text)
    return targets_file.read(path)


def test_a_table_is_a_target(tmp_path: Path) -> None:
    text = f'[front]\nkind = "virtual"\nimages = "photos"\n\n{_LAB}wait_s = 30\n'
    assert read(tmp_path, text) == [
        Spec("front", "virtual", {"images": "photos"}),
        Spec("lab", "labgrid", {"place": "garage", "wait_s": 30}),
    ]


def test_a_count_makes_as_many_in_order(tmp_path: Path) -> None:
    specs = read(tmp_path, '[shelf]\nkind = "virtual"\ncount = 50\n')
    assert [spec.name for spec in specs[:2]] == ["shelf-01", "shelf-02"]
    assert len({spec.folder for spec in specs}) == 50


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("kind = 1\n", r"\[kind\], kind", "Write \\[kind\\]"),
        ("[front]\n", r"\[front\], kind", "is missing. Write one of: virtual"),
        ('[front]\nkind = "real"\n', r"\[front\], kind", "There is no kind 'real'"),
        ('[front]\nkind = "virtual"\nhub = "x"\n', r"\[front\], hub", "no option 'hub'"),
        ('[front]\nkind = "virtual"\nimages = 3\n', r"\[front\], images", "text in quotes"),
        ('[lab]\nkind = "labgrid"\n', r"\[lab\], place", "needs place"),
        (f'{_LAB}wait_s = "1"\n', r"\[lab\], wait_s", "a whole number"),
        (
            f'{_LAB}[other]\nkind = "labgrid"\nplace = "garage"\n',
            r"\[other\], place",
            "of lab|to lab",
        ),
        ('[a]\nkind = "virtual"\ncount = 0\n', r"\[a\], count", "within 1"),
        (f"[lab]\ncount = 2\n{_LAB[6:]}", r"\[lab\], place", "belongs to lab-1"),
        ('["a/b"]\nkind = "virtual"\n', r"\[a/b\], name", "letters"),
        ('[joint]\nkind = "virtual"\n', r"\[joint\], name", "not 'joint'"),
    ],
)
def test_an_error_names_file_table_and_key(
    text: str, where: str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(TargetsFileError, match=rf"targets\.toml, {where}: .*({what})"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "what"), [("", "names no target"), ("[a\n", "is no TOML"), ("\xff", "is no TOML")]
)
def test_a_file_without_targets_is_refused(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "targets.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TargetsFileError, match=what):
        targets_file.read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetsFileError, match="cannot be read"):
        targets_file.read(tmp_path / "none.toml")


def test_a_description_survives_the_way_to_another_process() -> None:
    spec = Spec("lab", "labgrid", {"place": "garage", "wait_s": 30})
    assert kinds.from_json(spec.as_json()) == spec


def test_what_stands_behind_the_colon_is_the_kinds_argument() -> None:
    assert kinds.from_words("labgrid:garage", {}).options == {"place": "garage"}
    with pytest.raises(SpecError, match="nothing behind a colon"):
        kinds.from_words("virtual:garage", {})


def test_a_name_is_fit_for_a_folder() -> None:
    assert kinds.from_words("labgrid:garage", {}).folder == "labgrid-garage"


def test_boards_that_others_compute_do_not_wait_for_our_processors() -> None:
    far = [Spec(f"far-{n}", "served", {"control": f"lab:{n}"}) for n in range(9)]
    assert sane_jobs(far) == 9
    assert sane_jobs([*far, Spec("here", "virtual")]) < 9
