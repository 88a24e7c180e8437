"""One register, one array and one command of each model, and facts about the models."""

import math

# name: model with its own arguments, bits of a value
MODELS = {
    "UInt4": ("UInt", 4),
    "UInt8": ("UInt", 8),
    "UInt12": ("UInt", 12),
    "UInt32": ("UInt", 32),
    "UInt33": ("UInt", 33),
    "UInt64": ("UInt", 64),
    "UIntBE12": ("UIntBE", 12),
    "UIntBE32": ("UIntBE", 32),
    "UInt100": ("UInt", 100),
    "UInt128": ("UInt", 128),
    "UIntBE128": ("UIntBE", 128),
    "UIntReversed8": ("UIntReversed", 8),
    "UIntReversed12": ("UIntReversed", 12),
    "Int8": ("Int", 8),
    "Int12": ("Int", 12),
    "Int32": ("Int", 32),
    "Int64": ("Int", 64),
    "IntBE12": ("IntBE", 12),
    "IntBE16": ("IntBE", 16),
    "Int100": ("Int", 100),
    "Int128": ("Int", 128),
    "IntBE128": ("IntBE", 128),
    "Bool": ("Bool", 1),
    "String": ("String", 64),
    "Float": ("Float", 32),
    "FloatBE": ("FloatBE", 32),
    "Double": ("Double", 64),
    "DoubleBE": ("DoubleBE", 64),
    "Float16": ("Float16", 16),
    "Float16BE": ("Float16BE", 16),
    "Float8": ("Float8", 8),
    "Float8BE": ("Float8BE", 8),
    "Float6": ("Float6", 8),
    "Float6BE": ("Float6BE", 8),
    "Float4": ("Float4", 8),
    "Float4BE": ("Float4BE", 8),
    "BFloat16": ("BFloat16", 16),
    "BFloat16BE": ("BFloat16BE", 16),
    "TensorFloat32": ("TensorFloat32", 32),
    "TensorFloat32BE": ("TensorFloat32BE", 32),
    "Fixed16_8": (("Fixed", 16, 8), 16),
    "Fixed12_4": (("Fixed", 12, 4), 12),
    "Fixed64_8": (("Fixed", 64, 8), 64),
    "UFixed16_4": (("UFixed", 16, 4), 16),
}

# Models that accept and refuse the same kinds of values
GROUPS = {
    "UInts": ["UInt4", "UInt8", "UInt12", "UInt32", "UInt33", "UInt64", "UIntBE12", "UIntBE32"],
    "BigUInts": ["UInt100", "UInt128", "UIntBE128"],
    "Reversed": ["UIntReversed8", "UIntReversed12"],
    "Ints": ["Int8", "Int12", "Int32", "Int64", "IntBE12", "IntBE16"],
    "BigInts": ["Int100", "Int128", "IntBE128"],
    "Singles": ["Float", "FloatBE"],
    "Doubles": ["Double", "DoubleBE"],
    "Halves": ["Float16", "Float16BE"],
    "Eights": ["Float8", "Float8BE"],
    "Sixes": ["Float6", "Float6BE"],
    "Fours": ["Float4", "Float4BE"],
    "Brains": ["BFloat16", "BFloat16BE"],
    "Tensors": ["TensorFloat32", "TensorFloat32BE"],
    "Fixeds": ["Fixed16_8", "Fixed12_4", "Fixed64_8", "UFixed16_4"],
}
GROUPS["Integers"] = GROUPS["UInts"] + GROUPS["Ints"]
GROUPS["Smalls"] = sum((GROUPS[g] for g in ("Eights", "Sixes", "Fours", "Brains", "Tensors")), [])
GROUPS["Floats"] = sum(
    (GROUPS[g] for g in ("Singles", "Doubles", "Halves", "Smalls", "Fixeds")), []
)

# The same without widths that are between others, for tables in which widths do not matter
BETWEEN = ("UInt4", "UInt12", "UInt32", "UInt100", "UIntReversed12", "Int12", "Int32", "Int100")
KINDS = {group: [n for n in names if n not in BETWEEN] for group, names in GROUPS.items()}

# Lowest and highest value
_HIGHEST = {
    "Singles": 3.4e38, "Doubles": math.inf, "Halves": 65504.0, "Eights": 448.0, "Sixes": 28.0,
    "Fours": 6.0, "Brains": 3.3895313892515355e38, "Tensors": 3.4011621342146535e38,
}  # fmt: skip
LIMITS = {name: (-high, high) for group, high in _HIGHEST.items() for name in GROUPS[group]}
for group in ("UInts", "BigUInts", "Reversed"):
    LIMITS |= {name: (0, 2 ** MODELS[name][1] - 1) for name in GROUPS[group]}
for group in ("Ints", "BigInts"):
    LIMITS |= {n: (-(2 ** (MODELS[n][1] - 1)), 2 ** (MODELS[n][1] - 1) - 1) for n in GROUPS[group]}
LIMITS |= {
    "Bool": (0, 1), "String": (None, None), "Fixed16_8": (-128.0, 127.99609375),
    "Fixed12_4": (-128.0, 127.9375), "Fixed64_8": (-(2.0**55), 2.0**55),
    "UFixed16_4": (0.0, 4095.9375),
}  # fmt: skip


# A value, and what it is in memory
BYTES = {
    "UInt4": (9, "09"), "UInt8": (0x12, "12"), "UInt12": (0xABC, "bc0a"),
    "UInt32": (0x1020304, "04030201"), "UInt33": (0x123456789, "8967452301"),
    "UInt64": (0x102030405060708, "0807060504030201"), "UIntBE32": (0x1020304, "01020304"),
    "UInt100": (0xABCDEF0123456789ABCDEF012, "12f0debc9a78563412f0debc0a"),
    "UInt128": (0x102030405060708090A0B0C0D0E0F10, "100f0e0d0c0b0a090807060504030201"),
    "UIntBE128": (0x102030405060708090A0B0C0D0E0F10, "100f0e0d0c0b0a090807060504030201"),
    "UIntReversed8": (1, "80"), "UIntReversed12": (0x803, "010c"), "Int8": (-2, "fe"),
    "Int12": (-2, "fe0f"), "Int32": (-2, "feffffff"), "Int64": (-2, "feffffffffffffff"),
    "IntBE16": (-2, "fffe"), "Int100": (-2, "feffffffffffffffffffffff0f"),
    "Int128": (-2, "fe" + 15 * "ff"), "IntBE128": (-2, "fe" + 15 * "ff"), "Bool": (True, "01"),
    "String": ("ab", "6162"), "Float": (1.5, "0000c03f"), "FloatBE": (1.5, "3fc00000"),
    "Double": (1.5, "000000000000f83f"), "DoubleBE": (1.5, "3ff8000000000000"),
    "Float16": (1.5, "003e"), "Float16BE": (1.5, "3e00"), "Float8": (-1.5, "bc"),
    "Float8BE": (-1.5, "bc"), "Float6": (-1.5, "2e"), "Float6BE": (-1.5, "2e"),
    "Float4": (-1.5, "0b"), "Float4BE": (-1.5, "0b"), "BFloat16": (1.5, "c03f"),
    "BFloat16BE": (1.5, "3fc0"), "TensorFloat32": (1.5, "0000c03f"),
    "TensorFloat32BE": (1.5, "3fc00000"), "Fixed16_8": (-1.5, "80fe"), "Fixed12_4": (-1.5, "e80f"),
    "Fixed64_8": (-1.5, "80feffffffffffff"), "UFixed16_4": (1.5, "1800"),
}  # fmt: skip


COUNT = 4  # elements of each array
STEP = 0x100  # bytes from one register to the next


def has_array(name):
    """Tell whether there are arrays of a model, and somebody can read them."""
    model, bits = MODELS[name]
    return model not in ("String", "UIntReversed") and bits <= 64


def model_of(pr, model):
    """Give a tree's model class, or the model if it has arguments of its own."""
    if isinstance(model, tuple):
        return getattr(pr, model[0])(*model[1:])
    return getattr(pr, model)


def make_model(tree, name):
    """Give the model of a name."""
    model, bits = MODELS[name]
    made = model_of(tree.pr, model)
    return made if isinstance(model, tuple) else made(bits)


def build(tree, memory):
    """Give a root with devices of scalars (S), arrays (A), commands (C), array commands (CA)."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False, maxLog=2)  # each refusal rewrites the whole log
    for number, name in enumerate(("S", "A", "C", "CA")):
        root.add(pr.Device(name=name, offset=0x10000 * number, memBase=memory))
    for number, (name, (model, bits)) in enumerate(MODELS.items()):
        common = {"name": name, "offset": number * STEP, "base": model_of(pr, model)}
        run = {**common, "function": pr.BaseCommand.touch}
        root.S.add(pr.RemoteVariable(bitSize=bits, **common))
        root.C.add(pr.RemoteCommand(bitSize=bits, **run))
        if has_array(name):
            stride = -(-bits // 8) * 8
            layout = {"numValues": COUNT, "valueBits": bits, "valueStride": stride}
            root.A.add(pr.RemoteVariable(**layout, **common))
            root.CA.add(pr.RemoteCommand(**layout, **run))
    return root


def start(name):
    """Give a value to begin a test of a model with."""
    return {"Bool": False, "String": "s"}.get(name, 3)
