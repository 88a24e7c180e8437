"""What a backend would not show whole is told beforehand, by survey and explanation."""

import pytest

from roguebridge.backends.soft import SoftBackend
from roguebridge.core.backend.contract import Backend
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.spec import ScalarType


class Narrow(SoftBackend):
    """A protocol that has no text and no long names."""

    name = "narrow"

    def losses(self, entry, spec):
        if len(entry.pv_name) > 30:
            yield "a long name is lost"
        if spec is not None and spec.scalar is ScalarType.String:
            yield "a text is lost"


class Broken(SoftBackend):
    name = "broken"

    def losses(self, entry, spec):
        raise RuntimeError("no idea")


class Plugin:
    @hookimpl
    def register_backends(self):
        return {"narrow": Narrow, "broken": Broken}

    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: 5, Select(path="*.Odd*"))]


NAMES = ("A", "B", "C", "D")
LONG = "Odd_with_a_name_that_is_too_long"


@pytest.fixture
def server(tree, serve):
    def make(*backends):
        nodes = [tree.pr.LocalVariable(name=name, value="x", groups="Mine") for name in NAMES]
        nodes.append(tree.pr.LocalVariable(name=LONG, value=1, groups="Mine"))
        nodes.append(tree.pr.LocalVariable(name="N", value=1.5, groups="Mine"))
        options = {"backends": backends, "plugins": [Plugin()], "incGroups": "Mine"}
        return serve(*nodes, start=False, **options).server

    return make


def test_a_backend_loses_nothing_unless_it_says_so(server):
    assert server("soft").survey().advice == ()
    assert server("soft").explain("Top.A").losses == ()
    assert Backend.losses(SoftBackend, None, None) == ()


def test_a_survey_tells_each_loss_once_with_some_of_those_that_have_it(server):
    assert server("soft", "narrow").survey().advice == (
        "over narrow, a text is lost: B:Top:A, B:Top:B, B:Top:C, ... (4 in all)",
        f"over narrow, a long name is lost: B:Top:{LONG} (1 in all)",  # of unknown type
    )


def test_a_backend_that_cannot_tell_is_named_and_harms_no_other(server):
    every = f"B:Top:A, B:Top:B, B:Top:C, ... ({len(NAMES) + 2} in all)"
    assert server("broken", "narrow").survey().advice[0] == (
        f"over broken, its losses are unknown: RuntimeError('no idea'): {every}"
    )
    assert "over narrow, a text is lost" in server("broken", "narrow").explain("Top.B").losses


def test_an_explanation_tells_the_losses_of_its_node(server):
    narrow = server("narrow")
    assert narrow.explain("Top.B").losses == ("over narrow, a text is lost",)
    assert narrow.explain("Top.N").losses == ()
    assert narrow.explain(f"Top.{LONG}").losses == ("over narrow, a long name is lost",)
    assert narrow.explain("Top.enable").losses == ()  # which is not served
