"""The kinds of register values: what each declares, accepts and delivers."""

from roguebridge.simtree.models.codec import (
    byteCount,
    reverseBits,
    twosComplement,
    wordCount,
)
from roguebridge.simtree.models.fixed import Fixed, UFixed
from roguebridge.simtree.models.floats import Double, DoubleBE, Float, FloatBE
from roguebridge.simtree.models.integers import Int, IntBE, UInt, UIntBE, UIntReversed
from roguebridge.simtree.models.model import Model, ModelMeta
from roguebridge.simtree.models.smallfloats import (
    BFloat16,
    BFloat16BE,
    Float4,
    Float4BE,
    Float6,
    Float6BE,
    Float8,
    Float8BE,
    Float16,
    Float16BE,
    TensorFloat32,
    TensorFloat32BE,
)
from roguebridge.simtree.models.words import Bool, String

__all__ = [
    "BFloat16",
    "BFloat16BE",
    "Bool",
    "Double",
    "DoubleBE",
    "Fixed",
    "Float",
    "Float16",
    "Float16BE",
    "Float4",
    "Float4BE",
    "Float6",
    "Float6BE",
    "Float8",
    "Float8BE",
    "FloatBE",
    "Int",
    "IntBE",
    "Model",
    "ModelMeta",
    "String",
    "TensorFloat32",
    "TensorFloat32BE",
    "UFixed",
    "UInt",
    "UIntBE",
    "UIntReversed",
    "byteCount",
    "reverseBits",
    "twosComplement",
    "wordCount",
]
