"""What the tree promises."""

import ast
import configparser
import sys
import tomllib


def imported_by(path):
    """The top-level names that a module imports absolutely."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_the_engine_imports_the_standard_library_only(root):
    modules = sorted((root / "wagtail_sms_automation" / "engine").glob("*.py"))

    foreign = {
        (path.name, name)
        for path in modules
        for name in imported_by(path)
        if name not in sys.stdlib_module_names
    }

    assert modules
    assert foreign == set()


def test_pyproject_holds_the_build_system_only(root):
    assert list(tomllib.loads((root / "pyproject.toml").read_text())) == [
        "build-system"
    ]


def test_every_module_has_its_layer(root):
    package = root / "wagtail_sms_automation"
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg")
    layers = config["importlinter:contract:layers"]["layers"]
    placed = set(layers.replace("(", " ").replace(")", " ").replace(":", " ").split())
    # They join the layers, or hold no code of ours.
    apart = {"apps", "checks", "project_checks", "urls", "migrations", "templatetags"}

    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}

    assert modules - apart - placed == set()
