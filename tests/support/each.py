"""Tables of cases as one test, which goes through all of them and reports every wrong one."""

import functools
import inspect
import traceback

import pytest


def each(names, cases):
    """Run a test for each case, and fail with all that are wrong; else as ``parametrize``.

    For tables of hundreds of cases: pytest takes longer to set each of them up than to run it. The
    fixtures of the test are made once, so a case must leave them as it found them.

    :param names: of the arguments that a case gives, with commas between
    :param cases: a value, a tuple of values or a ``pytest.param`` for each
    """
    names = names.replace(",", " ").split()
    sets = [_values_and_id(names, case) for case in cases]
    assert sets, "no case, no test"

    def decorate(test):
        def run(**fixtures):
            wrong = []
            for values, case in sets:
                try:
                    test(**fixtures, **values)
                except (Exception, pytest.fail.Exception, pytest.skip.Exception) as exc:
                    where = traceback.extract_tb(exc.__traceback__)[:2][-1]
                    wrong.append(f"[{case}] line {where.lineno}: {type(exc).__name__}: {exc}")
            assert not wrong, f"{len(wrong)} of {len(sets)} cases:\n" + "\n".join(wrong)

        given = inspect.signature(test).parameters.values()
        fixtures = [one.replace(kind=one.KEYWORD_ONLY) for one in given if one.name not in names]
        functools.update_wrapper(run, test)
        del run.__wrapped__
        run.__signature__ = inspect.Signature(fixtures)
        return run

    return decorate


def _values_and_id(names, case):
    if not isinstance(case, type(pytest.param())):
        case = pytest.param(*(case if len(names) > 1 else [case]))
    assert not case.marks, "a mark cannot be on a case alone"
    values = dict(zip(names, case.values, strict=True))
    return values, case.id or "-".join(map(repr, case.values))[:100]
