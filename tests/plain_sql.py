"""What statistics must say, asked in plain SQL of the raw rows: written without looking at the declared counts."""

from decimal import Decimal

from sqlalchemy import text

import engine

FACT = "json_extract(data, '$.{}')"
DAY = "json_extract(data, '$.{}.v')"
DONE = """(SELECT max(date(e.at, '+8 hours')) FROM event AS e, json_each(e.detail, '$.done') AS d
           WHERE e.case_id = "case".id AND d.value = '{}')"""
SPOT = "(json_extract(data, '$.intake_kind') = 'on_spot' AND json_extract(data, '$.performed_now') IN ('yes', 'later'))"
SIGNED = "json_extract(data, '$.signing_result') = 'signed'"
TAKEN = FACT.format("accepted")
ACCEPTED = f"coalesce({TAKEN} OR {SPOT}, {TAKEN}, {SPOT}, 0)"
SETTLED, SIGNED_ON, ENDED_ON = (DONE.format(e) for e in ("settle_on_spot", "sign_agreement", "name_termination_ground"))
ACCEPTED_ON = f"CASE WHEN {TAKEN} THEN {DAY.format('accepted_on')} ELSE {SETTLED} END"
ORAL_ON = DONE.format("record_oral_agreement")
AGREED_ON = f"CASE WHEN {SIGNED} THEN {SIGNED_ON} WHEN {SPOT} THEN {SETTLED} ELSE {ORAL_ON} END"
CLOSED_ON = f"coalesce({AGREED_ON}, CASE WHEN {TAKEN} THEN {ENDED_ON} END)"
RECEIVED_ON = f"coalesce({DAY.format('received_on')}, date(opened_at, '+8 hours'))"
REFUSED = "'excl_other_body','excl_settled_before','excl_limitation','excl_by_law','not_in_scope','declined'"
PEOPLE = (
    f"coalesce({FACT.format('people_count')}, json_array_length(data, '$.applicants') "
    "+ json_array_length(data, '$.respondents'))"
)
LATE_ON = """(SELECT min(date(d.ended_at, '+8 hours')) FROM deadline AS d WHERE d.case_id = "case".id
              AND d.name NOT IN ('consent_answer', 'supplement', 'confirmation', 'performance')
              AND (d.status = 'expired' OR d.status = 'met' AND d.ended_at > d.due_at))"""
SQL = {  # indicator -> (day, condition, amount)
    "applied": (RECEIVED_ON, "json_extract(data, '$.intake_kind') <> 'ex_officio'", "1"),
    "accepted": (ACCEPTED_ON, ACCEPTED, "1"),
    "people": (ACCEPTED_ON, ACCEPTED, PEOPLE),
    "claimed_amount": (ACCEPTED_ON, ACCEPTED, f"coalesce({FACT.format('claimed_amount')}, 0) / 10000.0"),
    "ten_or_more": (ACCEPTED_ON, f"{ACCEPTED} AND {PEOPLE} >= 10", "1"),
    "not_accepted": (DONE.format("deliver_non_acceptance"), f"outcome IN ({REFUSED}) AND NOT {ACCEPTED}", "1"),
    "referred": (DAY.format("referred_on"), "outcome = 'referred'", "1"),
    "closed": (CLOSED_ON, "1", "1"),
    "handling_days": (CLOSED_ON, "1", f"julianday({CLOSED_ON}) - julianday({ACCEPTED_ON})"),
    "agreed": (AGREED_ON, "1", "1"),
    "agreed_written": (AGREED_ON, SIGNED, "1"),
    "agreed_on_spot": (AGREED_ON, SPOT, "1"),
    "agreed_amount": (AGREED_ON, "1", f"coalesce({FACT.format('agreed_amount')}, 0) / 10000.0"),
    "withdrawn": (CLOSED_ON, "outcome = 'withdrawn'", "1"),
    "extended": (DONE.format("extend_limit"), "1", "1"),
    "performed": (f"coalesce({DAY.format('performed_on')}, {DONE.format('settle_on_spot')})",
                  f"{FACT.format('performance_result')} = 'performed' OR {FACT.format('performed_now')} = 'yes'", "1"),
    "confirmation_applied": (DAY.format("confirmation_applied_on"), "1", "1"),
    "confirmed": (DAY.format("ruling_on"), "json_extract(data, '$.ruling') = 'confirmed'", "1"),
    "visited": (DAY.format("visited_on"), "1", "1"),
    "satisfied": (DAY.format("visited_on"), "json_extract(data, '$.satisfaction') = 'good'", "1"),
    "overdue": (LATE_ON, "1", "1"),
}  # fmt: skip


def by_month(session, day, condition, amount):
    query = f"""SELECT substr({day}, 1, 7), sum({amount}) FROM "case"
                WHERE process = 'mediation' AND ({condition}) AND {day} IS NOT NULL GROUP BY 1"""  # noqa: S608 our own texts
    return {month: Decimal(str(number)).quantize(Decimal("0.01")) for month, number in session.execute(text(query))}


def figures_by_month(session, names, months):
    found = engine.figures(session, engine.SYSTEM, periods=[(m, m) for m in months], indicators=list(names))
    return {(span.first, name): figure.value for (span, _, name), figure in found.items()}
