"""What is refused everywhere: the rules about the drawing and its files. A rule's id never changes its meaning."""

from engine.checks.report import Rule


def _refused(message: str, remedy: str) -> Rule:
    return Rule("semantics", message, remedy)


FILES = {
    "xml-unsafe": _refused("The file cannot be read: {reason}.", "Save it again from the modeler, without a DOCTYPE."),
    "bpmn-namespace": _refused("The file is not a BPMN 2.0 model but {tag}.", "Save it as BPMN 2.0 XML."),
    "bpmn-missing": _refused("There is no BPMN file.", "Put the diagram into process.bpmn."),
    "bpmn-refused": _refused("The engine cannot run the process {process}: {reason}", "Redraw this part."),
    "manifest-syntax": _refused("The manifest cannot be read: {reason}.", "Correct the TOML syntax."),
    "manifest-shape": _refused("{entry} must be {wanted}.", "Write it as the other process folders do."),
    "manifest-id": _refused("The manifest names no process id.", 'Add id = "..." with the id of the process.'),
    "process-missing": _refused("There is no process with the id {process}.", "Give the diagram's process this id."),
    "file-not-text": _refused("The file is not UTF-8 text.", "Save it as UTF-8."),
    "number-pattern": _refused(
        "No numbers can be made of {text}.", "Use {{short}}, {{office}}, {{kind}}, {{year}} and {{seq:03d}}."
    ),
    "fact-name": _refused("{name} cannot be the name of a fact.", "Use a name such as received_on; not case or actor."),
    "fact-type": _refused("The fact {name} has the type {type}, which does not exist.", "Use text, date, number, ..."),
    "count-undated": _refused("The count {name} says no day.", "Add day = with a FEEL date of the case."),
    "count-until": _refused("The count {name} ends with {until}, which is no count.", "Name another count."),
    "count-clock": _refused("The count {name} reads the clock.", "Use dates of the case: a count is made again later."),
    "count-element": _refused("The count {name} reads done.{step}, which is not drawn.", "Correct the id."),
    "count-name": _refused("{name} cannot name what is counted.", "Use lower-case letters, digits and _."),
    "level-undeclared": _refused("There is a rule for the level, but no level.", "Add [levels.high] and the others."),
    "level-without-rule": _refused("There are levels, but no rule that gives one.", "Add level = to the manifest."),
    "level-colour": _refused("{text} is not a colour for a level.", "Use one of {known}."),
    "level-rank": _refused("The level {name} has no rank.", "Give it a rank of 1 or more; more serious is higher."),
    "include-name": _refused(
        "{text} cannot be included.", "Name a text file of a sibling folder: escalation/decisions/impact_level.dmn."
    ),
    "include-missing": _refused("The included file {text} is not there.", "Correct the name, or add the file."),
    "include-clash": _refused("{text} would take the place of {place}, which is there already.", "Rename one of them."),
    "deadline-extendable": _refused("{text} does not say who may extend.", 'Write "supervisor" or leave it out.'),
    "deadline-status": _refused("{text} is not a status.", "Write confirmed, unconfirmed or =FEEL."),
}

CALENDAR = {
    "calendar-missing": _refused("The calendar entry {name} has no {key}.", "Every entry needs id, every and on."),
    "calendar-twice": _refused("There are two calendar entries {name}.", "Give one another id."),
    "calendar-value": _refused("The calendar entry {name} cannot have {key} = {text}.", "Write {wanted}."),
    "calendar-day": _refused(
        "The calendar entry {name}: {text} is not a day of such a period ({every}).",
        "Write 20 (month, week), 01-05 (quarter, half year, year), last, last-10d, last-3wd or 5wd.",
    ),
    "calendar-office": _refused(
        "The calendar entry {name} must say for which offices it opens cases.", "Write either for_each or office."
    ),
    "calendar-start": _refused(
        "The calendar entry {name} has no start event to begin at ({wanted}).", "Draw it, or correct its message."
    ),
}

IDS = {
    "id-missing": _refused("A {kind} has no id.", "Give it an id."),
    "id-duplicate": _refused("The id {id} is used twice; the first is in line {first}.", "Give one another id."),
    "id-invalid": _refused("{id} is not an id.", "Use letters, digits, _ and -; begin with a letter."),
    "id-reserved": _refused(
        "The id {id} is reserved: the host uses Start, End, Root, and ids with a dot or a bracket itself.",
        "Choose another id, such as case_received.",
    ),
    "ref-missing": _refused("The {attribute} is missing.", "Connect it in the modeler."),
    "ref-dangling": _refused("{attribute} points to {ref}, which does not exist.", "Draw it, or correct this."),
    "ref-kind": _refused("{attribute} points to {ref}, which is not a {wanted}.", "Connect it to a {wanted}."),
}

FLOWS = {
    "flow-crosses-scope": _refused(
        "The flow leaves its process or sub-process: {source} and {target} are not drawn in the same one.",
        "Flows stay inside; leave a sub-process by its end event or a boundary event.",
    ),
    "flow-into-start": _refused("{node} cannot have an incoming flow.", "Remove the flow into it."),
    "flow-out-of-end": _refused("The end event {node} cannot have an outgoing flow.", "Use an intermediate event."),
    "flow-never-taken": _refused(
        "The flow is never taken: the flow {before} is drawn before it and has no condition.",
        "Give the other flow a condition or make it the default flow.",
    ),
    "default-not-outgoing": _refused("The default flow {ref} does not leave this element.", "Choose one that does."),
    "condition-misplaced": _refused(
        "A flow out of a {kind} cannot have a condition; it would be ignored.",
        "Remove the condition or use an exclusive gateway.",
    ),
    "condition-empty": _refused("The condition is empty.", "Write the condition, or remove it."),
    "gateway-without-conditions": _refused(
        "The gateway has {count} ways out, none with a condition and no default flow.",
        "Write a condition on each way but the default one.",
    ),
    "unreachable": _refused("No path from a start event leads here.", "Connect it, or remove it."),
    "dead-end": _refused("From here the case can never end.", "Draw a path to an end event."),
    "no-start": _refused("{scope} has no start event and no element without incoming flow.", "Draw a start event."),
    "several-starts": _refused(
        "{scope} has {count} plain start events; it is not clear where it begins.", "Keep one of them."
    ),
    "empty-scope": _refused("{scope} has nothing in it.", "Draw its content, or use a task."),
    "join-deadlock": _refused(
        "The parallel gateway waits for {count} tokens, but only one can ever come.",
        "Use an exclusive gateway to bring alternative paths together.",
    ),
    "join-waits": _refused(
        "The gateway waits for ever: whichever way the case goes, nothing comes from {missing}.",
        "Use an exclusive gateway to bring alternative paths together.",
    ),
}

ELEMENTS = {
    "unsupported-element": _refused("{kind} is not supported.", "{instead}"),
    "misplaced": _refused(
        "A {kind} is inside a {place} in the file, where no editor draws it.",
        "Draw it in the process or a sub-process.",
    ),
    "event-kind": _refused("A {kind} cannot be a {place} here.", "{instead}"),
    "event-multiple": _refused("One event has several triggers.", "Draw one event for each trigger."),
    "event-name-missing": _refused("The {kind} has no name.", "Name the {kind}; cases meet by this name."),
    "boundary-place": _refused("A boundary event must sit on a task or a sub-process.", "Attach it to one."),
    "boundary-error-goes-on": _refused("An error always interrupts.", "Draw the event with a solid line."),
    "event-subprocess-nested": _refused(
        "An event sub-process inside the sub-process or called process {scope} is never triggered.",
        "Draw it in the case's own process, or use a boundary event on the sub-process or call.",
    ),
    "event-subprocess-start": _refused(
        "An event sub-process needs exactly one start event, with a message or a signal.",
        "Use a message or signal start event; for a deadline use a boundary timer on a sub-process.",
    ),
    "event-subprocess-connected": _refused("An event sub-process has no flows in or out.", "Remove the flows."),
    "event-gateway-few": _refused("An event gateway needs at least two events to choose from.", "Add an event."),
    "event-gateway-next": _refused(
        "After an event gateway only messages, signals, timers and receive tasks can follow, not {target}.",
        "Put a catch event in between.",
    ),
    "event-gateway-shared": _refused(
        "{target} follows an event gateway and has other ways in too.", "Draw the other way to a separate event."
    ),
    "link-unpaired": _refused("There is no link event {other} with the name {name} here.", "Name the pair alike."),
    "link-ambiguous": _refused("Several link events catch {name}.", "Keep one target for a link name."),
    "loop-without-count": _refused(
        "The repeated activity has neither a collection nor a number of rounds.", "Name the collection."
    ),
    "loop-two-counts": _refused("The activity has both a collection and a number of rounds.", "Keep one."),
    "loop-without-end": _refused("The loop has neither a maximum nor a condition.", "Give it a condition."),
    "loop-maximum": _refused("The maximum {text} is not a whole number.", "Write a number such as 3."),
    "attribute-unsupported": _refused("{attribute} is not supported and would be ignored.", "{instead}"),
    "extension-unsupported": _refused("{extension} is not supported and would be ignored.", "{instead}"),
    "dialect-unsupported": _refused(
        "This is written for another engine ({dialect}); {extension} would be ignored.",
        "Use the Camunda 7 properties that the host reads.",
    ),
    "called-missing": _refused("The call activity does not say what it calls.", "Enter the id of the process."),
    "called-unknown": _refused("The process {called} is not in this folder.", "Add its diagram, or correct the id."),
    "called-recursive": _refused("The process {called} calls itself without end.", "Use a loop instead."),
    "called-start": _refused("The process {called} has no plain start event.", "A called process starts plainly."),
    "decision-missing": _refused("The business rule task names no decision.", "Enter the decision's id."),
    "decision-unknown": _refused("There is no decision {decision} in the folder.", "Add it, or correct the id."),
    "decision-duplicate": _refused("Two files decide {id}.", "Rename one of them."),
    "decision-mapping": _refused(
        "{mapping} is not a way to read a decision's result.",
        "Use singleEntry, singleResult, collectEntries or resultList.",
    ),
    "form-unknown": _refused("There is no form {form} in the folder.", "Add forms/{form}.form, or correct the name."),
    "check-form-unknown": _refused("The check names the form {form}, which is not in the folder.", "Correct the name."),
    "check-field-unknown": _refused(
        "The check names {name}, which the form {form} does not ask for.",
        "Write the key of a field, list[row].column with a list that has a rowKey, or a column where `each` is given.",
    ),
    "check-each-unknown": _refused("{name} is not a list of the form {form}.", "Write the key of one of its lists."),
    "report-unknown": _refused("{key} of the report is {name}, which is not declared.", "Declare it, or correct it."),
    "paper-template-missing": _refused("The template {template} is not in the folder.", "Add it."),
    "unknown-paper": _refused("There is no paper {name} in the manifest.", "Declare it, or correct the name."),
    "unknown-outcome": _refused("There is no outcome {name} in the manifest.", "Declare it, or correct the name."),
    "unknown-stage": _refused("There is no stage {name} in the manifest.", "Declare it, or correct the name."),
    "unknown-deadline": _refused("There is no deadline {name} in the manifest.", "Declare it, or correct the name."),
    "extend-without-period": _refused("It extends a deadline, but not by how much.", "Add the property extend_by."),
}

EXPRESSIONS = {
    "expression-juel": _refused(
        "{what} {text} is in another language than FEEL.", "Write FEEL: without the braces, as in =amount > 5."
    ),
    "expression-language": _refused("{what} is in {language}; only FEEL is read.", "Write it in FEEL."),
    "expression-empty": _refused("{what} is empty.", "Write an expression."),
    "expression": _refused("{what} {text}: {reason} (column {column}).", "Correct the expression."),
    "script-assignment": _refused(
        "The script {text} compares, it does not assign.", "Name the result variable and write only the value."
    ),
    "timer-empty": _refused("The timer does not say when.", "Write a period such as P30D, 5wd, or =FEEL."),
    "timer-cron": _refused("{text} looks like cron, which is not supported.", "Write a repetition such as R3/P1D."),
    "timer-cycle": _refused("{text} is not a repetition.", "Write R3/P1D, or R/P7D without end."),
    "timer-cycle-place": _refused(
        "A repeating timer can only be a non-interrupting boundary event.", "Write a single period."
    ),
    "period-wrong": _refused("{what} {text} is not a length of time: {reason}", "Write 5wd, 30d, 2m, 24h or P30D."),
    "number-wrong": _refused("{what} {text} is not a whole number.", "Write a number, or =FEEL."),
}

SEMANTICS = FILES | CALENDAR | IDS | FLOWS | ELEMENTS | EXPRESSIONS
