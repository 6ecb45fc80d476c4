"""What each repair says to the person who decides about it; `{name}`s are parameters."""

RULES = {
    "repair-executable": "Mark the process {element} as executable.",
    "repair-id": "Call {before} {after}: the host cannot use the id as it is. Everything that refers to it follows.",
    "repair-id-missing": "Give the element {element} the id {after}.",
    "repair-dialect": "{element} says in the words of {dialect}: {before}. Write it in those the host reads: {after}.",
    "repair-dialect-rest": "{element} has settings of {dialect} without a counterpart here: {before}. Remove them.",
    "repair-task-type": "Make {element} a task for people: a task without a type is passed at once.",
    "repair-condition-empty": "Remove the empty condition of {element}.",
    "repair-juel": "Write {before} in FEEL: {after}. It means the same.",
    "repair-timer": "The timer {element} has only a name: let it wait for {after}.",
    "repair-link": "Let the link event {element} catch {after}, the only link without a target here.",
    "repair-flow-target": "The flow {element} leads nowhere: let it lead to a new end event.",
    "repair-flow-source": "Remove the flow {element}: it comes from nowhere.",
    "repair-choice": "All flows out of {element} go on. They look like a choice: draw ({after}; else {otherwise}).",
    "repair-split": "Several flows leave {element}, all of them are taken: draw the parallel gateway.",
    "repair-labels": "Let the labels of the flows out of {element} decide: {after}; else {otherwise}.",
    "repair-default": "Make the flow without a condition out of {element} the default flow: {after}.",
    "repair-start": "Draw the start event of {element}.",
    "repair-end": "Draw an end event after {element}, where the path stops.",
}

# These take something for granted that the drawing does not say; the others only say the same in other words.
ASSUMING = frozenset(
    ["repair-dialect-rest", "repair-task-type", "repair-timer", "repair-link", "repair-flow-target",
     "repair-flow-source", "repair-choice", "repair-split", "repair-labels"]
)  # fmt: skip
