"""What the checks of a model find, in the reader's language. Their rules are stable; unknown ones speak English."""

import engine
from webforms.i18n import translated


def said(finding: engine.Finding) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    message = translated(f"finding:{finding.rule}", finding.message, finding.params)
    return message, translated(f"remedy:{finding.rule}", finding.remedy, finding.params) if finding.remedy else ""
