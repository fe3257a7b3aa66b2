"""What an integrator gets."""

import zipfile

import pytest


@pytest.fixture(scope="module")
def names(wheel):
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_every_file_of_the_package_is_in_it(names, root):
    package = root / "wagtail_sms_automation"
    wanted = {
        path.relative_to(root).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert wanted - set(names) == set()


def test_nothing_else_is_in_it(names):
    roots = {name.split("/")[0] for name in names}

    assert roots == {
        "wagtail_sms_automation",
        "wagtail_sms_automation-0.1.0.dist-info",
    }


def test_it_names_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        path = "wagtail_sms_automation-0.1.0.dist-info/METADATA"
        metadata = archive.read(path).decode()

    assert "Requires-Python: >=3.11" in metadata
    for requirement in ("wagtail<9,>=7.4", "django-q2<2,>=1.11", "messagebird<3,>=2.2"):
        assert f"Requires-Dist: {requirement}\n" in metadata
