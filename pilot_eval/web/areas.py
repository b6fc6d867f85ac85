"""The areas of the site, each a folder with its pages and forms."""

from pilot_eval.web.account.pages import account
from pilot_eval.web.api.photos import api as api
from pilot_eval.web.branches.heatmap import area as heatmap
from pilot_eval.web.branches.pages import area as branches
from pilot_eval.web.charts import charts
from pilot_eval.web.checklists.files import area as checklists
from pilot_eval.web.exports.own import own_exports
from pilot_eval.web.exports.pages import area as exports
from pilot_eval.web.exports.schemas import schemas
from pilot_eval.web.field.pages import field
from pilot_eval.web.help.pages import help_area
from pilot_eval.web.imports.pages import area as imports
from pilot_eval.web.lists.pages import area as lists
from pilot_eval.web.network.pages import area as network
from pilot_eval.web.people.audit_log import audit_log
from pilot_eval.web.people.pages import people
from pilot_eval.web.people.regions import regions
from pilot_eval.web.photos.pages import area as photos
from pilot_eval.web.pilots.overview import area as pilots
from pilot_eval.web.planner.pages import planner
from pilot_eval.web.plans.pages import area as plans
from pilot_eval.web.review.pages import area as review
from pilot_eval.web.schedule.auditors import auditors
from pilot_eval.web.schedule.branch_events import branch_events
from pilot_eval.web.schedule.codes import codes
from pilot_eval.web.schedule.coverage import coverage
from pilot_eval.web.schedule.drawing import drawing
from pilot_eval.web.schedule.pages import area as schedule
from pilot_eval.web.schedule.reminders import reminders
from pilot_eval.web.shell.pages import shell
from pilot_eval.web.timings.pages import timings
from pilot_eval.web.visits.corrections import corrections
from pilot_eval.web.visits.pages import visits
from pilot_eval.web.visits.previews import previews

AREAS = (
    shell,
    account,
    people,
    regions,
    audit_log,
    visits,
    corrections,
    previews,
    timings,
    photos,
    field,
    pilots,
    schedule,
    coverage,
    branch_events,
    reminders,
    codes,
    drawing,
    auditors,
    plans,
    checklists,
    branches,
    network,
    heatmap,
    planner,
    review,
    charts,
    exports,
    own_exports,
    schemas,
    imports,
    lists,
    help_area,
    api,
)
