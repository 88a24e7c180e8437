"""Tables of cases as one test: none is left out, and every wrong one is reported."""

import inspect

import pytest
from support.each import each


def test_every_case_is_run_and_every_wrong_one_reported():
    ran = []

    @each("number, wanted", [(1, 1), (2, 3), pytest.param(3, 3, id="three"), (4, 5)])
    def check(factor, number, wanted):
        ran.append(number)
        assert factor * number == wanted

    with pytest.raises(AssertionError) as caught:
        check(factor=1)
    assert ran == [1, 2, 3, 4]
    first, *wrong = [
        line for line in str(caught.value).splitlines() if "cases" in line or "[" in line
    ]
    assert first.startswith("2 of 4 cases:")
    assert [line.partition("]")[0] for line in wrong] == ["[2-3", "[4-5"]


@pytest.mark.parametrize("end", [pytest.fail, pytest.skip])
def test_a_case_cannot_end_the_others(end):
    ran = []

    @each("number", [1, 2])
    def check(number):
        ran.append(number)
        end("enough")

    with pytest.raises(AssertionError, match="2 of 2 cases"):
        check()
    assert ran == [1, 2]


def test_the_fixtures_of_the_test_are_those_that_no_case_gives():
    @each("number", [1])
    def check(tmp_path, number, request):
        assert number == 1

    assert list(inspect.signature(check).parameters) == ["tmp_path", "request"]
    check(tmp_path=None, request=None)


def test_a_table_without_cases_is_an_error():
    with pytest.raises(AssertionError, match="no case, no test"):
        each("number", [])
