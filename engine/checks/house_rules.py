"""What this host asks of a process before it is published, and good advice. In a sandbox all of it is advice."""

from engine.checks.report import Rule


def _house(message: str, remedy: str) -> Rule:
    return Rule("house", message, remedy)


def _advice(message: str, remedy: str) -> Rule:
    return Rule("warning", message, remedy)


HOUSE = {
    "unknown-name": _house(
        "{what} reads {name}, which is neither a fact nor a result.", "Declare the fact, or correct its name."
    ),
    "undeclared-result": _house("The result {name} is not declared as a fact.", "Add [facts.{name}] to the manifest."),
    "undeclared-form-key": _house("The form asks for {name}, which is not a fact.", "Add [facts.{name}]."),
    "undeclared-form-column": _house(
        "The form asks for {name} in {list}, which has no such column.", "Add [facts.{list}.fields.{name}]."
    ),
    "unknown-role": _house("There is no role {role}.", "Use a role of processes/roles.toml."),
    "unknown-office": _house("There is no office {office}.", "Use an office of processes/offices.toml."),
    "user-task-without-role": _house("Nobody can do this task: it has no role and no assignee.", "Enter a role."),
    "assignee-by-name": _house(
        "The assignee {text} is a user name: nobody is asked where there is no such user.",
        "Write =FEEL that gives a person, or a role.",
    ),
    "several-roles": _house("Only the role {role} gets this task, the others do not.", "Enter one role."),
    "error-uncaught": _house(
        "No error boundary event around it handles this error: the case stops with an incident.",
        "Draw an error boundary event on the sub-process, or another end event.",
    ),
    "event-without-role": _house(
        "The event asks for answers, but no role may raise it.", "Add the property role with one or more roles."
    ),
    "timer-without-basis": _house(
        "The timer names neither its deadline nor the article of law it follows.",
        "Add the property deadline, or the property law, or cite the law in the documentation.",
    ),
    "join-overtaken": _house(
        "A second token can come from {source} while the first one still waits; the gateway takes them for one.",
        "Let one token alone come this way: end the others before, or join them with a parallel gateway.",
    ),
    "outcome-unreached": _house("No end event has the outcome {name}.", "Draw its end event, or remove it."),
    "script-without-result": _house("The script's value is thrown away.", "Enter a result variable."),
    "gateway-without-default": _house("The gateway has no default flow.", "Mark the way taken when nothing else fits."),
    "implicit-start": _house("{scope} has no start event.", "Draw a start event."),
    "implicit-end": _house("The path stops here without an end event.", "Draw an end event."),
    "service-without-topic": _house("The host does nothing here: there is no topic.", "Enter an external topic."),
    "notice-empty": _house("The notice says neither whom to tell nor what.", "Say whom, and what they are told."),
    "attribute-ignored": _house("{attribute} has no effect in this host.", "{instead}"),
    "decision-reads-unknown": _house(
        "The decision {decision} reads {name}, which is neither a fact nor a result.",
        "Declare the fact, or correct the table.",
    ),
    "deadline-without-basis": _house("The deadline {name} names no article of law.", "Add its basis."),
    "start-impossible": _house("Nobody and no message can start a case.", "Add [start] with roles or a message."),
    "deadline-without-time": _house(
        "The element names the deadline {name} but has no timer, due date or period.", "Say how long it lasts."
    ),
}

ADVICE = {
    "bpmn-undrawn": _advice("{id} has no shape in the diagram.", "Draw it in the modeler."),
    "diagram-missing": _advice("The model has no drawing.", "Lay it out in the modeler."),
    "diagram-dangling": _advice("A shape draws {ref}, which does not exist.", "Remove the shape."),
    "process-not-executable": _advice("The process is not marked as executable.", "Mark it as executable."),
    "process-unused": _advice("The process {id} is never started or called by this one.", "Remove it, or call it."),
    "process-ambiguous": _advice("Several processes could be meant; {process} is taken.", "Say which one to run."),
    "join-may-wait": _advice(
        "The gateway may wait for ever: nothing comes from {missing} when the case goes this way: {way}.",
        "Bring alternatives together with an exclusive gateway first, or begin them at an inclusive gateway.",
    ),
    "tokens-multiply": _advice(
        "One token becomes several here, and more than one of them can come back: steps are asked for again and again.",
        "Bring the ways together with a parallel gateway before the way back.",
    ),
    "boundary-never-fires": _advice(
        "The {event} event on this {host} never fires: {reason}", "Put it on a sub-process or a user task."
    ),
    "default-with-condition": _advice("The condition of a default flow is not looked at.", "Remove the condition."),
    "deadline-unused": _advice("The deadline {name} is declared but never used.", "Use it, or remove it."),
    "stage-unused": _advice("The stage {name} is declared but never used.", "Use it, or remove it."),
    "paper-unused": _advice("The paper {name} is declared but never issued.", "Use it, or remove it."),
    "form-unused": _advice("Nothing asks this form.", "Use it, or remove it."),
    "form-elsewhere": _advice("The form {form} is not at hand; nothing is asked.", "Add forms/{form}.form."),
    "file-unused": _advice("Nothing uses {name}.", "Declare it as a paper, or remove it."),
    "manifest-key": _advice("The host does not read {entry}.", "Correct its name, or remove it."),
    "property-unknown": _advice("The host does not read the property {name}.", "Correct its name, or remove it."),
    "without-documentation": _advice("It does not cite the law it follows.", "Add documentation."),
    "id-style": _advice("The id {id} is not an English verb_noun.", "Use lower case words joined by _."),
    "name-language": _advice("The name {name} has no Chinese.", "Write the name that people know it by."),
    "lane-roles": _advice("The lane {lane} has tasks of several roles: {roles}.", "Draw a lane for each role."),
    "lane-dangling": _advice("The lane {lane} lists {ref}, which does not exist.", "Correct the lane."),
    "not-executed": _advice("{kind} is only drawn; the host does not act on it.", "Keep data in facts."),
}

HOUSE_RULES = HOUSE | ADVICE
