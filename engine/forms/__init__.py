"""Forms: what is asked at a step, read from form-js files; answers are checked here whoever sends them."""

from engine.forms.check import as_typed, check, visible
from engine.forms.cross import read_rules
from engine.forms.decode import TooManyAnswers, decode
from engine.forms.fields import Field, FileSource, Offered, Option, OptionSource, Rules, no_files, no_options
from engine.forms.form import Form, InvalidForm, problems
from engine.forms.optional import optional
from engine.forms.show import raw_of, shown

__all__ = [
    "Field",
    "FileSource",
    "Form",
    "InvalidForm",
    "Offered",
    "Option",
    "OptionSource",
    "Rules",
    "TooManyAnswers",
    "as_typed",
    "check",
    "decode",
    "no_files",
    "no_options",
    "optional",
    "problems",
    "raw_of",
    "read_rules",
    "shown",
    "visible",
]
