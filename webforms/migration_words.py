"""Why a case cannot go to another version, in words; the catalogue has them as `code:carry-<code>`."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "gone": "the case stands at a step that the new version does not have; say what it is called there",
    "kind": "the case stands at a step that is something else in the new version",
    "scope": "the step is inside another sub-process in the new version",
    "parallel": "the step is in another parallel branch in the new version",
    "blocks": "the case would come to where it waits for ever: a branch is joined that this case does not have",
    "join": "some branches have arrived already, and what they wait for is another one in the new version",
    "instances": "the step is done several times, and how often or for what is different in the new version",
    "attached": "the event is on the edge of another step in the new version",
    "event": "the case waits for something else in the new version",
    "events": "the events the case waits for are others in the new version",
    "called": "another procedure is called there in the new version",
    "stop-clock": "the step stops other time limits in the new version",
    "deadline-gone": "a time limit runs that the new version does not have",
    "deadline-unknown": "a time limit runs that the new version calls otherwise",
    "fact": "a value of the case is of another kind in the new version",
    "no-place": "the tree of the case does not fit the new version",
    "over": "the case is over",
    "same": "the case runs on this version",
}
OUTCOMES: Mapping[str, str] = {"unchanged": "goes unchanged", "changed": "goes, with changes", "refused": "cannot go"}
