"""DMN decision models: XML in, decisions out (DMN 1.1 to 1.5).

``parse_decisions`` never raises: everything that is wrong with a file is in ``Decisions.problems()``. ``evaluate``
answers as DMN defines it; ``matches`` with ``map_result`` answers as Camunda's ``mapDecisionResult`` does.
"""

from engine.decisions.decisions import Decisions
from engine.decisions.files import parse_decisions
from engine.decisions.findings import DecisionError, Problem
from engine.decisions.results import map_result
from engine.decisions.tables import Match

__all__ = ["DecisionError", "Decisions", "Match", "Problem", "map_result", "parse_decisions"]
