"""PV names by a template: fields, case, separator, index, prefixes by subtree, aliases."""

import pytest
from support.engine.fakes import FakeNode

from roguebridge.core.hooks.rules import first
from roguebridge.core.mapping.pv_map import automatic_map
from roguebridge.core.mapping.selectors import unmatched
from roguebridge.plugins.names import TemplateNames

FIELDS = "base, root, path, device, parent, name"
KEYS = "template, case, separator, index, prefixes, aliases, longest"


def unused(plugin, *paths):
    """Return what is said of prefixes that no node has."""
    found = unmatched(plugin.selectors(), [FakeNode(path=path) for path in paths])
    return [problem.text for problem in found]


def names(plugin, *paths, base="B"):
    """What the plugin names the nodes of these paths."""
    rules = plugin.naming_rules(base)
    made = [first(rules, FakeNode(path=path)) for path in paths]
    return made[0] if len(made) == 1 else made


LONG = "Top." + "Deep." * 20 + "Amp[3].Gain"


def test_a_long_name_gets_a_short_alias_that_is_always_the_same():
    long, short = names(TemplateNames(longest=60), LONG, base="IOC")
    assert long == "IOC:" + LONG.replace(".", ":")
    assert len(short) <= 60 and short.startswith("IOC:") and short.endswith(":Gain")
    assert [long, short] == names(TemplateNames(longest=60), LONG, base="IOC")
    _, other = names(TemplateNames(longest=60), LONG.replace("[3]", "[4]"), base="IOC")
    assert other != short
    assert names(TemplateNames(longest=60), "Top.V", base="IOC") == "IOC:Top:V"


@pytest.mark.parametrize("base", ["", "B", "µ" * 40, "B" * 70])
@pytest.mark.parametrize("last", ["V", "ü" * 50, "V" * 61])
@pytest.mark.parametrize("longest", [20, 21, 60])
def test_a_short_alias_is_short_whatever_it_is_made_of(base, last, longest):
    *_, short = names(TemplateNames(longest=longest), f"{LONG}.{last}", base=base)
    assert 10 <= len(short.encode()) <= longest
    assert short.isprintable() and "::" not in short


# Fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "path", "name"),
    [
        ("{base}:{path}", "Top.Rf.Amp[3].Gain", "B:Top:Rf:Amp[3]:Gain"),
        ("{base}:{path}", "Top.V", "B:Top:V"),
        ("{base}:{device}:{name}", "Top.Rf.Amp[3].Gain", "B:Rf:Amp[3]:Gain"),
        ("{base}:{parent}:{name}", "Top.Rf.Amp[3].Gain", "B:Amp[3]:Gain"),
        ("{root}-{name}", "Top.Rf.Gain", "Top-Gain"),
        ("{path}", "Top.Rf.Gain", "Top:Rf:Gain"),
        ("X:{name}:RBV", "Top.Rf.Gain", "X:Gain:RBV"),
        ("{base}:{name}:{name}", "Top.Rf.Gain", "B:Gain:Gain"),
        ("{base}:{{{name}}}", "Top.Rf.Gain", "B:{Gain}"),
        ("}}{name}{{", "Top.Rf.Gain", "}Gain{"),
    ],
)
def test_a_template_is_filled_with_what_the_node_is(template, path, name):
    assert names(TemplateNames(template), path) == name


def test_without_a_template_names_are_the_standard_ones():
    assert names(TemplateNames(), "Top.Mat[0][1].V") == "B:Top:Mat[0][1]:V"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{base}:{device}:{name}", "B:V"),
        ("{device}:{name}", "V"),
        ("{base}:{device}:{parent}:{name}", "B:V"),
        ("{device}_{parent}:{name}", "V"),
        ("{base}::{device}::{name}", "B::V"),
        ("{base}:X{device}:{name}", "B:X:V"),
        ("{base}:{device}X:{name}", "B:X:V"),
        ("{base}:{device}:_{name}", "B:_V"),
        ("{base}:{device}{name}", "B:V"),
        ("{base}[{device}]{name}", "B[]V"),
        ("{name}:{device}", "V"),
        ("{name}{device}", "V"),
        ("{name}:{device}:", "V:"),
        ("{name}:{device}:S", "V:S"),
    ],
)
def test_of_a_node_of_the_root_an_empty_device_leaves_no_separator_behind(template, name):
    assert names(TemplateNames(template), "Top.V") == name


@pytest.mark.parametrize(("case", "name"), [("upper", "B:LAB:GAIN"), ("lower", "b:lab:gain")])
def test_the_case_is_that_of_the_whole_name(case, name):
    assert names(TemplateNames("{base}:Lab:{name}", case=case), "Top.Gain") == name


def test_the_separator_is_between_the_parts_of_device_and_path():
    plugin = TemplateNames("{base}:{device}:{name}", separator="-")
    assert names(plugin, "Top.Rf.Amp.Gain") == "B:Rf-Amp:Gain"
    assert names(TemplateNames("{path}", separator="-"), "Top.Rf.Amp.Gain") == "Top-Rf-Amp-Gain"


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("[{}]", "Amp[3]:Mat[0][12]"),
        ("{}", "Amp3:Mat012"),
        ("_{}", "Amp_3:Mat_0_12"),
        ("{:02d}", "Amp03:Mat0012"),
        ("{0:X}", "Amp3:Mat0C"),
    ],
)
def test_indices_of_devices_and_nodes_are_written_as_asked(index, name):
    plugin = TemplateNames("{device}:{name}", index=index)
    assert names(plugin, "Top.Amp[3].Mat[0][12]") == name
    plugin = TemplateNames("{path}", index=index)
    assert names(plugin, "Top.Amp[3].Mat[0][12]") == f"Top:{name}"


def test_brackets_around_no_number_are_left_alone():
    plugin = TemplateNames("{name}", index="_{}")
    assert names(plugin, "Top.A[x]", "Top.A[", "Top.A[]") == ["A[x]", "A[", "A[]"]


# Prefixes -------------------------------------------------------------------------------------


def test_the_longest_prefix_stands_for_the_subtree_in_device_and_path():
    prefixes = {"Top.Rf": "RF01", "Top.Rf.Amp[3]": "AMP3", "Top.R": "NO"}
    paths = ["Top.Rf.Gain", "Top.Rf.Amp[2].Gain", "Top.Rf.Amp[3].Gain", "Top.Rf.Amp[3].Dac.Gain",
             "Top.Rfx.Gain", "Top.Time"]  # fmt: skip
    plugin = TemplateNames("{base}:{device}:{name}", prefixes=prefixes)
    assert names(plugin, *paths) == [
        "B:RF01:Gain", "B:RF01:Amp[2]:Gain", "B:AMP3:Gain", "B:AMP3:Dac:Gain", "B:Rfx:Gain",
        "B:Time",
    ]  # fmt: skip
    plugin = TemplateNames("{path}", prefixes=prefixes)
    assert names(plugin, *paths) == [
        "RF01:Gain", "RF01:Amp[2]:Gain", "AMP3:Gain", "AMP3:Dac:Gain", "Top:Rfx:Gain", "Top:Time",
    ]  # fmt: skip


def test_the_root_may_have_a_prefix_and_be_called_root():
    plugin = TemplateNames("{device}:{name}", prefixes={"root": "LAB", "root.Rf": "RF01:X"})
    assert names(plugin, "Top.V", "Top.Mot.V", "Top.Rf.Amp.V") == [
        "LAB:V", "LAB:Mot:V", "RF01:X:Amp:V",
    ]  # fmt: skip


def test_an_empty_prefix_takes_the_subtree_out_of_the_name():
    plugin = TemplateNames("{base}:{device}:{name}", prefixes={"Top.Rf": ""})
    assert names(plugin, "Top.Rf.V", "Top.Rf.Amp.V") == ["B:V", "B:Amp:V"]


def test_a_prefix_is_written_as_it_is_given_but_for_the_case():
    plugin = TemplateNames("{device}:{name}", prefixes={"Top.A[0]": "x[7]"}, index="_{}")
    assert names(plugin, "Top.A[0].V[1]") == "x[7]:V_1"


def test_the_caller_may_change_its_mapping_afterwards():
    prefixes = {"Top.Rf": "RF01"}
    plugin = TemplateNames("{device}:{name}", prefixes=prefixes)
    prefixes["Top.Rf"] = "X"
    assert names(plugin, "Top.Rf.V") == "RF01:V"


def test_a_prefix_of_no_node_is_told():
    plugin = TemplateNames(prefixes={"Top.Rf": "RF01", "Top.Rff": "RF02"})
    assert unused(plugin, "Top.Rf.V") == [
        "names: no node is named by the prefix of 'Top.Rff'; the nearest path is 'Top.Rf.*'"
    ]


def test_a_prefix_may_say_root_for_the_root():
    plugin = TemplateNames(prefixes={"root.Rf": "RF01", "root": "X", "root.Rff": "RF02"})
    assert unused(plugin, "Top.Rf.V") == ["names: no node is named by the prefix of 'root.Rff'"]


# Aliases --------------------------------------------------------------------------------------


SPELT = {"case": "upper", "separator": "-", "index": "_{}", "prefixes": {"Top.Rf": "RF01"}}


def test_aliases_are_further_templates_filled_as_pyrogue_spells_the_node():
    plugin = TemplateNames("{device}:{name}", **SPELT, aliases=["{base}:{path}", "{name}"])
    assert names(plugin, "Top.Rf.Amp[1].Gain") == [
        "RF01-AMP_1:GAIN", "B:Top:Rf:Amp[1]:Gain", "Gain",
    ]  # fmt: skip


def test_one_alias_needs_no_list():
    plugin = TemplateNames("{name}", aliases="{base}:{name}")
    assert names(plugin, "Top.Gain") == ["Gain", "B:Gain"]


def test_an_alias_may_have_a_spelling_of_its_own():
    plugin = TemplateNames("{base}:{name}", aliases={"template": "{device}:{name}", **SPELT})
    assert names(plugin, "Top.Amp[1].Gain") == ["B:Gain", "AMP_1:GAIN"]
    (text,) = unused(plugin, "Top.Gain")
    assert text.startswith("names: no node is named by the prefix of 'Top.Rf'")


def test_each_server_has_its_own_base():
    plugin = TemplateNames("{base}:{name}")
    assert names(plugin, "Top.V", base="X") == "X:V"
    assert names(plugin, "Top.V", base="Y") == "Y:V"


def test_collisions_are_reported_as_in_every_mapping():
    rules = TemplateNames("{base}:{name}", case="upper").naming_rules("B")
    nodes = [FakeNode(path=path) for path in ("Top.A.v", "Top.B.V", "Top.C")]
    result = automatic_map(nodes, [], [], lambda node: first(rules, node))
    assert {entry.path: entry.pv_name for entry in result.entries} == {
        "Top.A.v": "B:V", "Top.C": "B:C",
    }  # fmt: skip
    assert [p.text for p in result.problems] == ["Top.A.v and Top.B.V both map to PV B:V"]


# What it is made of ---------------------------------------------------------------------------


def test_the_option_is_a_template_or_a_mapping_of_the_arguments():
    assert names(TemplateNames.from_option("{name}"), "Top.V") == "V"
    option = {
        "template": "{base}:{device}:{name}", "case": "upper", "separator": ";", "index": "{}",
        "prefixes": {"Top.Rf": "R"}, "aliases": ["{name}", {"case": "lower"}],
    }  # fmt: skip
    assert names(TemplateNames.from_option(option), "Top.Rf.Amp[1].V") == [
        "B:R;AMP1:V", "V", "b:top:rf:amp[1]:v",
    ]  # fmt: skip
    assert names(TemplateNames.from_option({"case": "lower"}), "Top.V") == "b:top:v"


BAD = [
    ("{base}:{nam}", ValueError, f"template '{{base}}:{{nam}}' has the unknown field 'nam'; there are {FIELDS}"),
    ("{}", ValueError, f"template '{{}}' has the unknown field ''; there are {FIELDS}"),
    ("{name.x}", ValueError, f"template '{{name.x}}' has the unknown field 'name.x'; there are {FIELDS}"),
    ("{name[0]}", ValueError, f"template '{{name[0]}}' has the unknown field 'name[0]'; there are {FIELDS}"),
    ("{name!r}", ValueError, "template '{name!r}': the field 'name' takes no format"),
    ("{name:>8}", ValueError, "template '{name:>8}': the field 'name' takes no format"),
    ("{name", ValueError, "template '{name' cannot be read: expected '}' before end of string"),
    ("name}", ValueError, "template 'name}' cannot be read: Single '}' encountered in format string"),
    ("", ValueError, "template '' has neither 'name' nor 'path': nodes would share one name"),
    ("{base}:{device}", ValueError, "template '{base}:{device}' has neither 'name' nor 'path': nodes would share one name"),
    ("{base} {name}", ValueError, "template '{base} {name}' contains ' ', which no PV name may"),
    ("{name}$", ValueError, "template '{name}$' contains '$', which no PV name may"),
    ({"template": None}, TypeError, "a template must be a str, not None"),
    ({"template": {"x": 1}}, TypeError, "a template must be a str, not {'x': 1}"),
    ({"tempalte": "{name}"}, TypeError, f"unknown key 'tempalte'; there are {KEYS}"),
    ({5: "{name}"}, TypeError, f"unknown key 5; there are {KEYS}"),
    ({"case": "title"}, ValueError, "case must be 'upper', 'lower' or None, not 'title'"),
    ({"case": True}, ValueError, "case must be 'upper', 'lower' or None, not True"),
    ({"case": ["upper"]}, ValueError, "case must be 'upper', 'lower' or None, not ['upper']"),
    ({"separator": 5}, TypeError, "separator must be a str, not 5"),
    ({"separator": " "}, ValueError, "separator ' ' contains ' ', which no PV name may"),
    ({"index": 5}, TypeError, "index must be a str, not 5"),
    ({"index": {}}, TypeError, "index must be a str, not {}"),
    ({"index": "x"}, ValueError, "index 'x' has no place for the number, as '[{}]' has"),
    ({"index": "{:s}"}, ValueError, "index '{:s}' is no format of a number: "),
    ({"index": "{}{}"}, ValueError, "index '{}{}' is no format of a number: "),
    ({"index": "{n}"}, ValueError, "index '{n}' is no format of a number: 'n'"),
    ({"index": "{0.x}"}, ValueError, "index '{0.x}' is no format of a number: "),
    ({"index": "{0[x]}"}, ValueError, "index '{0[x]}' is no format of a number: "),
    ({"index": "{"}, ValueError, "index '{' is no format of a number: "),
    ({"index": "{:3d}"}, ValueError, "index '{:3d}' makes '  1', which no PV name may have"),
    ({"prefixes": ["Top.Rf"]}, TypeError, "prefixes must map paths to names, not ['Top.Rf']"),
    ({"prefixes": "Top"}, TypeError, "prefixes must map paths to names, not 'Top'"),
    ({"prefixes": {"Top.Rf": None}}, TypeError, "the prefix of 'Top.Rf' must be a str, not None"),
    ({"prefixes": {"Top.Rf": "a b"}}, ValueError, "the prefix of 'Top.Rf' 'a b' contains ' ', which no PV name may"),
    ({"prefixes": {5: "x"}}, ValueError, "prefixes are for paths of devices, not 5"),
    ({"prefixes": {"": "x"}}, ValueError, "prefixes are for paths of devices, not ''"),
    ({"prefixes": {"Top.": "x"}}, ValueError, "prefixes are for paths of devices, not 'Top.'"),
    ({"longest": "60"}, TypeError, "longest must be a number of bytes, not '60'"),
    ({"longest": True}, TypeError, "longest must be a number of bytes, not True"),
    ({"longest": 19}, ValueError, "longest must be 20 or more, not 19"),
    ({"aliases": 5}, TypeError, "aliases must be a list of templates, not 5"),
    ({"aliases": None}, TypeError, "aliases must be a list of templates, not None"),
    ({"aliases": {"a": "{name}"}}, TypeError, "unknown key 'a'; there are template, case, separator, index, prefixes"),
    ({"aliases": [{"aliases": "{name}"}]}, TypeError, "unknown key 'aliases'; there are template, case, separator, index, prefixes"),
    ({"aliases": [{"case": "title"}]}, ValueError, "case must be 'upper', 'lower' or None, not 'title'"),
    ({"aliases": ["{name}", 5]}, TypeError, "a template must be a str, not 5"),
    ({"aliases": ["{nam}"]}, ValueError, f"template '{{nam}}' has the unknown field 'nam'; there are {FIELDS}"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "kind", "text"), BAD)
def test_what_is_wrong_is_named(option, kind, text):
    with pytest.raises(kind) as caught:
        TemplateNames.from_option(option)
    assert str(caught.value).startswith(f"names: {text}")


@pytest.mark.parametrize("option", [5, None, ["{name}"], b"{name}", True])
def test_an_option_that_is_neither_template_nor_mapping_is_refused(option):
    with pytest.raises(TypeError) as caught:
        TemplateNames.from_option(option)
    assert str(caught.value) == f"names must be a template or a mapping, not {option!r}"
