import ast
import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.training.datasets import LABELS

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = json.loads((ROOT / "doc" / "train.ipynb").read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
SHELL = re.compile(r"^( *)[!%](.+)$", re.MULTILINE)  # IPython's own lines
COMMANDS = [found[2] for source in CODE for found in SHELL.finditer(source)]
MODULES = [shlex.split(command)[2:] for command in COMMANDS if command.startswith("python -m ")]


def options(module: str) -> set[str]:
    """What a command's parser takes, read from its source."""
    calls = (node for node in ast.walk(ast.parse(Path(find_spec(module).origin).read_text(encoding="utf-8"))))
    added = [node for node in calls if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument"]
    return {name.value for call in added for name in call.args}


def test_notebook_is_of_format_4_with_nothing_run_in_it():
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in ids)
    for cell in NOTEBOOK["cells"]:
        required = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert (cell.pop("outputs"), cell.pop("execution_count")) == ([], None)
        assert set(cell) == required
        assert cell["cell_type"] in ("code", "markdown")


@pytest.mark.parametrize("source", CODE)
def test_notebook_cell_is_python(source):
    ast.parse(SHELL.sub(r"\1pass", source))


@pytest.mark.parametrize("command", MODULES, ids=" ".join)
def test_notebook_command_exists_with_its_options(command):
    module, *arguments = command
    assert {argument for argument in arguments if argument.startswith("--")} <= options(module)
    if module == "app.training.train":
        assert arguments[0] in LABELS


def test_notebook_downloads_the_data_before_it_trains():
    assert [command[0] for command in MODULES] == ["app.training.downloads", *["app.training.train"] * 3]


def test_notebook_trains_as_make_does():
    recipe = re.search(r"^train:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    made = [shlex.split(line)[2:] for line in recipe.splitlines()]
    assert [command for command in MODULES if command[0] == "app.training.train"] == made
