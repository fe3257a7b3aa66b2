"""The wheel, built once."""

import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The path of the wheel that this checkout builds."""
    source = tmp_path_factory.mktemp("source")
    # A copy: setuptools writes into the tree it builds.
    for name in ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    package = source / "wagtail_sms_automation"
    package.symlink_to(ROOT / "wagtail_sms_automation", target_is_directory=True)
    directory = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", directory]
    subprocess.run([sys.executable, *command, source], check=True, timeout=300)
    (path,) = directory.glob("*.whl")
    return path
