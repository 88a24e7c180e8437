"""The server: started, stopped, reported on and surveyed."""

from .explain import Explanation, RuleUse
from .server import PvServer
from .survey import Survey, SurveyedPv

__all__ = [
    "Explanation",
    "PvServer",
    "RuleUse",
    "Survey",
    "SurveyedPv",
]
