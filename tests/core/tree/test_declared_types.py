"""What the author of a tree has declared of a node."""

from support.trees import running

from roguebridge.core.tree.declared_types import Declaration, declaration_of


def test_what_is_declared_is_told_and_nothing_is_read(tree):
    def fail():
        raise AssertionError("nobody may read")

    root = tree.pr.Root(name="Top", pollEn=False)
    nodes = {
        "Plain": {"value": 1.5, "units": "V", "description": "a voltage", "groups": ["Words"]},
        "Bare": {"value": 3},
        "Linked": {},
    }
    for name, how in nodes.items():
        kind = tree.pr.LocalVariable if how else tree.pr.LinkVariable
        how = how or {"linkedGet": lambda read=True: armed and fail(), "dependencies": []}
        root.add(kind(name=name, **how))
    armed = []
    with running(root):
        armed.append(True)
        found = {name: declaration_of(root.node(name)) for name in nodes}
        armed.clear()
    assert found["Plain"] == Declaration("a voltage", "V", found["Plain"].type, ("Words",))
    assert found["Bare"].units == found["Bare"].description == ""
    assert found["Plain"].type in ("float", "Float64")
    assert isinstance(found["Linked"].type, str)
