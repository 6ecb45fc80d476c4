"""One closed case, walked along its trail: what each decision, gateway and limit of the draft would have said.

Every point is rebuilt with the version of then first. Where that does not give what really happened, nothing is said
about the point. After the first other way the past no longer applies, and the walk looks no further.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine import forms, runtime
from engine.replay.bench import ERRORS, Bench, CannotJudge
from engine.replay.drawn import ASSIGNING, DECIDING, Landing
from engine.replay.memory import ANSWERED
from engine.replay.results import STEP, STUCK, VALUE, WAY
from engine.replay.telling import apart_from, name_of, values_in_words, ways_in_words
from engine.runtime import Element, Flow


class Judge(Bench):
    """Walks one case."""

    def step(self, kind: str, detail: Mapping[str, Any], actor: int | None, at: datetime) -> None:
        """What happened next, by the event that tells of it."""
        self.at = at
        self.memory.surroundings = {**self.memory.surroundings, "actor": actor}
        self.is_over = self.is_over or (self.ends_at is not None and at >= self.ends_at)
        if kind in ANSWERED and not self.is_over:
            self._ask_again(detail)
        self.memory.take(self.old, kind, detail, at)
        self.is_over = self.is_over or bool(self.memory.lost)
        gone_along: dict[str, list[str]] = defaultdict(list)
        for flow in detail.get("flows", ()):
            if flow in self.old.definition.diagram.flows:
                gone_along[self.old.definition.diagram.flows[flow].source].append(flow)
        done: Sequence[str] = detail.get("done", ())
        for name in done:
            element = self.old.elements.get(name)
            if element is not None:
                self._pass(element, gone_along, list(done).count(name))
        self.memory.begin_instances(self.old, detail.get("in", ()), at)

    def _pass(self, element: Element, gone_along: dict[str, list[str]], times: int) -> None:
        is_gone = self.called(element.id) not in self.draft.elements and not runtime.is_synthetic(element.id)
        if is_gone and not self.is_over:
            self.gone.setdefault(element.id)
        if element.kind in ASSIGNING:
            self._assign(element)
        if self.old.decides(element):
            self._choose(element, gone_along[element.id], times)
        elif gone_along[element.id] and element.kind != "eventBasedGateway":
            flows = [gone_along[element.id].pop(0)] if times > 1 else gone_along.pop(element.id)
            self._go_on(element, [self.old.definition.diagram.flows[flow] for flow in flows])

    # --- decisions and scripts ------------------------------------------------------------------------------------

    def _assign(self, element: Element) -> None:
        memory = self.memory
        try:
            self._require_rebuilt(self.old, element)
            then = self.old.assigned(element, self.context(memory.then), self.at)
        except (*ERRORS, CannotJudge) as error:
            memory.unknown |= {element.result} if element.result else set()
            memory.lost = memory.lost or ("" if element.result else "not-rebuilt")
            self._cannot(element, getattr(error, "code", "") if isinstance(error, CannotJudge) else "not-rebuilt")
            return
        memory.then |= then
        memory.unknown -= then.keys()
        now, draft = then, self.draft.elements.get(self.called(element.id))
        if draft is not None and not self.is_over:
            with self.judging(element):
                now = self._by_draft(element, draft, then)
        memory.now |= now

    def _by_draft(self, element: Element, draft: Element, then: Mapping[str, Any]) -> dict[str, Any]:
        if draft.kind not in ASSIGNING:
            raise CannotJudge("other-kind")
        self.require_known(draft)
        try:
            now = self.draft.assigned(draft, self.context(self.memory.now), self.at)
        except ERRORS as error:
            self._differ(element, STUCK, values_in_words(self.old, then, then), str(error))
            self.is_over = True
            return dict(then)
        if now == then:
            self._agree(element)
        else:
            was, would = apart_from(then, now), apart_from(now, then)
            self._differ(
                element, VALUE, values_in_words(self.old, was, was), values_in_words(self.draft, would, would),
                rules_then=self.old.rules(element, self.context(self.memory.then), self.at),
                rules_now=self.draft.rules(draft, self.context(self.memory.now), self.at),
            )  # fmt: skip
        return now

    # --- ways -----------------------------------------------------------------------------------------------------

    def _choose(self, element: Element, left: list[str], times: int) -> None:
        """A gateway: the way it gave then must be the one that was gone."""
        flows = self.old.definition.diagram.flows
        if self.is_over:
            return
        with self.judging(element):
            self._require_rebuilt(self.old, element)
            try:
                rebuilt = [flow.id for flow in self.old.ways(element, self.context(self.memory.then), self.at)]
            except ERRORS as error:
                raise CannotJudge("not-rebuilt") from error
            gone = left[: len(rebuilt)] if times > 1 else list(left)
            if sorted(gone) != sorted(rebuilt):
                left.clear()
                raise CannotJudge("another-way-then")
            del left[: len(gone)]
            self._compare_ways(element, [flows[flow] for flow in rebuilt])

    def _compare_ways(self, element: Element, taken: list[Flow]) -> None:
        draft = self._in_draft(element)
        if draft is None:
            return
        try:
            self.require_known(draft)
            context = self.context(self.memory.now)
            ways = self.draft.ways(draft, context, self.at)
            landing = self._landing(ways)
        except ERRORS as error:
            self._differ(element, STUCK, ways_in_words(self.old, taken), str(error))
            self.is_over = True
            return
        same = {flow.id for flow in taken} == {flow.id for flow in ways}
        was, lost = self._came_to(taken)
        if lost and not same:
            raise CannotJudge("target-gone", lost)
        if (landing.elements == was) or (lost and same):
            self._steps(element, landing)
            self._agree(element)
        else:
            self._differ(element, WAY, ways_in_words(self.old, taken), ways_in_words(self.draft, ways, landing))
            self.is_over = True

    def _go_on(self, element: Element, taken: list[Flow]) -> None:
        """After anything else than a gateway: whether the draft leads to the same next element."""
        draft = self._in_draft(element)
        if self.is_over or draft is None or draft.kind in DECIDING:
            return
        was, lost = self._came_to(taken)
        ways = self.draft.leaving.get(draft.id, [])
        if lost or {flow.target for flow in ways} == was:
            return
        with self.judging(element):
            try:
                landing = self._landing(ways)
            except ERRORS as error:
                self._differ(element, STUCK, ways_in_words(self.old, taken), str(error))
                self.is_over = True
                return
            if landing.elements == was:
                self._steps(element, landing)
            else:
                self._differ(element, WAY, ways_in_words(self.old, taken), ways_in_words(self.draft, ways, landing))
                self.is_over = True

    def _in_draft(self, element: Element) -> Element | None:
        """The same element in the draft; for a gateway that was not drawn, what it belongs to."""
        name = self.called(element.id)
        base = self.called(element.id.partition(".")[0])
        return self.draft.elements.get(name) or (
            self.draft.elements.get(base) if runtime.is_synthetic(element.id) else None
        )

    def _landing(self, ways: Iterable[Flow]) -> Landing:
        return self.draft.landing(ways, self.known(), self.context(self.memory.now), self.at, self.require_known)

    def _came_to(self, taken: Iterable[Flow]) -> tuple[frozenset[str], str]:
        """Where the token came, in the draft's names; and what of that is not there any more."""
        targets = [self.called(flow.target) for flow in taken]
        return frozenset(targets), next((each for each in targets if each not in self.draft.elements), "")

    def _steps(self, element: Element, landing: Landing) -> None:
        if landing.added:
            self._differ(element, STEP, (), [name_of(self.draft, each) for each in landing.added])

    # --- answers --------------------------------------------------------------------------------------------------

    def _ask_again(self, detail: Mapping[str, Any]) -> None:
        """What the draft's form asks for that was not asked then."""
        name = detail.get("element", "")
        old = self.old.elements[name].form if name in self.old.elements else self.old.definition.start_form
        draft = self.draft.elements.get(self.called(name)) if name else None
        form = self.draft.definition.form(draft.form if draft is not None else self.draft.definition.start_form)
        if (name and draft is None) or not old:
            return
        before = {each.key for each in self.old.definition.form(old).questions}
        fresh = [each for each in form.questions if each.key and each.key not in before and not each.readonly]
        if not fresh:
            return
        self.asked_anew |= {each.key for each in fresh}
        answers = detail.get("answers", {})
        facts = self.context(self.memory.now)
        shown = forms.visible(form, forms.shown(form, answers, facts), facts=facts, now=self.at)
        for each in fresh:
            if each.rules.required and each.key in shown and each.key not in answers and not facts.get(each.key):
                self.refused.setdefault((name, each.label or each.key))
