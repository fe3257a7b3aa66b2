"""Each mutant of the delivery core is noticed by the test that is named for it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos import mutants


UNBROKEN = "unbroken"
TESTS = sorted({mutant.test for mutant in mutants.MUTANTS})


@pytest.fixture(scope="module")
def finished(request, tmp_path_factory):
    """Return a function: the finished process of a mutant, or of none, by name.

    Those that were asked for run side by side, two at a time.
    """

    def run(mutant):
        directory = tmp_path_factory.mktemp("mutant")
        tests = TESTS if mutant is None else [mutant.test]
        return mutants.run(tests, directory, mutant)

    wanted = {
        item.callspec.params["mutant"]
        for item in request.session.items
        if "finished" in item.fixturenames and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(2) as pool:
        processes = {UNBROKEN: pool.submit(run, None)}
        for mutant in mutants.MUTANTS:
            if mutant in wanted:
                processes[mutant.name] = pool.submit(run, mutant)
        yield lambda name: processes[name].result()


def test_unbroken_all_of_it_passes(finished):
    process = finished(UNBROKEN)

    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize(
    "mutant", mutants.MUTANTS, ids=[mutant.name for mutant in mutants.MUTANTS]
)
def test_a_mutant_is_killed(mutant, finished):
    process = finished(mutant.name)

    assert mutants.is_killed(process), process.stdout + process.stderr
