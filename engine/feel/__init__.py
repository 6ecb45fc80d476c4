r"""FEEL, the expression language of DMN 1.3 to 1.5 (chapter 10): text in, closures out.

>>> compile_expression("if 涉及人数 >= 10 then '群体' else \\"普通\\"".replace("'", '"'))({"涉及人数": 12})
'群体'

Pure values: no clock but ``now=``, no input or output, and bounded work (``limits``).
"""

from engine.feel.errors import FeelError
from engine.feel.expression import BUILTINS, Expression, UnaryTests, compile_expression, compile_unary
from engine.feel.limits import Run
from engine.feel.types import Type
from engine.feel.values import Function, Range, YearsMonths

__all__ = [
    "BUILTINS",
    "Expression",
    "FeelError",
    "Function",
    "Range",
    "Run",
    "Type",
    "UnaryTests",
    "YearsMonths",
    "compile_expression",
    "compile_unary",
]
