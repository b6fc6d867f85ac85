"""What the audit log's codes mean, in words; a code without words is shown as it is."""

from __future__ import annotations

from flask_babel import lazy_gettext

WORDS = {
    "assignment.create": lazy_gettext("Visit assigned"),
    "assignment.hand_over": lazy_gettext("Assigned visit handed over"),
    "assignment.withdraw": lazy_gettext("Assigned visit withdrawn"),
    "auditor.declare": lazy_gettext("Bars and regions of an auditor declared"),
    "branch.create": lazy_gettext("Branch added"),
    "checklist.discard": lazy_gettext("Draft of a checklist thrown away"),
    "checklist.draft": lazy_gettext("Draft of a checklist begun"),
    "checklist.publish": lazy_gettext("Checklist published"),
    "checklist.reinstate": lazy_gettext("Retired checklist taken back into use"),
    "checklist.restore": lazy_gettext("Draft of a checklist brought back"),
    "checklist.retire": lazy_gettext("Checklist retired"),
    "demo.filled": lazy_gettext("Demonstration filled"),
    "list.assignments": lazy_gettext("Visits to make brought in from a file"),
    "list.branches": lazy_gettext("Branches brought in from a file"),
    "list.people": lazy_gettext("People brought in from a file"),
    "list.timings": lazy_gettext("Timings brought in from a file"),
    "list.visits": lazy_gettext("Visits brought in from a file"),
    "person.change": lazy_gettext("Person changed"),
    "person.create": lazy_gettext("Person added"),
    "person.reset_link": lazy_gettext("One-time link made"),
    "person.set_password": lazy_gettext("Password set"),
    "person.sign_in": lazy_gettext("Signed in"),
    "person.sign_out": lazy_gettext("Signed out"),
    "pilot.arms": lazy_gettext("Branches put into arms"),
    "pilot.branches": lazy_gettext("Branches of a pilot chosen"),
    "pilot.create": lazy_gettext("Pilot created"),
    "pilot.export": lazy_gettext("Results exported"),
    "pilot.export_asked": lazy_gettext("Results asked for in the background"),
    "pilot.export_taken": lazy_gettext("Results taken that were made in the background"),
    "pilot.import": lazy_gettext("Data imported"),
    "network.rebuild": lazy_gettext("Results of the network brought up to date"),
    "pilot.decide": lazy_gettext("Decision signed"),
    "pilot.look": lazy_gettext("Planned look taken"),
    "plan.change": lazy_gettext("Frozen plan changed"),
    "plan.edit": lazy_gettext("Draft of the plan changed"),
    "plan.freeze": lazy_gettext("Plan frozen"),
    "region.create": lazy_gettext("Region added"),
    "timing.conflict": lazy_gettext("Another timing came under the same number"),
    "timing.record": lazy_gettext("Timing recorded"),
    "timing.withdrawn": lazy_gettext("A timing came for an assignment taken back"),
    "timing_form.publish": lazy_gettext("Timing form published"),
    "visit.answer": lazy_gettext("Remark on a visit answered"),
    "visit.approve": lazy_gettext("Visit approved"),
    "visit.comment": lazy_gettext("Visit commented on"),
    "visit.conflict": lazy_gettext("Another visit came under the same number"),
    "visit.correct": lazy_gettext("Visit corrected"),
    "visit.dispute": lazy_gettext("Visit disputed"),
    "visit.exclude": lazy_gettext("Visit excluded"),
    "visit.record": lazy_gettext("Visit recorded"),
    "visit.redact": lazy_gettext("Personal data taken out of a visit"),
    "visit.restore": lazy_gettext("Excluded visit restored"),
    "visit.return": lazy_gettext("Visit returned"),
    "visit.withdrawn": lazy_gettext("A visit came for an assignment taken back"),
    "wave.closed": lazy_gettext("Wave closed"),
    "wave.locked": lazy_gettext("Wave locked"),
    "wave.quota": lazy_gettext("Quotas of visits set"),
}


def in_words(action: str) -> str:
    """The action in the reader's language."""
    return str(WORDS.get(action, action))
