"""The permission oracle: every route, method, role and kind of object, beside what the site must answer.

`permissions.csv` is written by hand from the policy, not from the code. Its columns are method, route,
role, object and answer:

- role: anonymous, auditor, manager, head_office, administrator;
- object: own (the person's own, or of their region), other_region, other_person, missing, or - where the
  route has no object; for a record that is sent, the assignment it names;
- answer: ok (the request was let through), sign-in (who are you?), 403, 404, or fresh (asked for the
  password again because it was given too long ago).
"""

import csv
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask
from sqlmodel import Session, col, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from pilot_eval import create_app
from pilot_eval.demo import fill
from pilot_eval.domain.exports import ExportState
from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.domain.people import Role, TokenScope
from pilot_eval.domain.photos import PhotoKind
from pilot_eval.domain.reviews import RemarkKind
from pilot_eval.operations import tokens
from pilot_eval.records import database
from pilot_eval.records.branch_events import BranchEvent
from pilot_eval.records.export_jobs import ExportJob
from pilot_eval.records.forms import ChecklistDraft, ChecklistVersion
from pilot_eval.records.lists import ListFile
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import ApiToken, SignIn, User
from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Assignment, Pilot, PilotBranch
from pilot_eval.records.reviews import VisitRemark
from pilot_eval.records.visits import Timing, Visit
from pilot_eval.settings import LOOPBACK, Settings
from tests.conftest import OPERATOR, PASSWORD
from tests.web.conftest import SECRET

ORACLE = Path(__file__).with_name("permissions.csv")
ROLES = ("anonymous", *(role.value for role in Role))
# What people own, by the name of the route's variable; the first one is the route's object.
OBJECTS = ("own", "other_region", "other_person", "missing")
NOWHERE = "00000000-0000-4000-8000-000000000000"


class Case(NamedTuple):
    method: str
    route: str
    role: str
    object: str
    answer: str


def oracle() -> list[Case]:
    with ORACLE.open(newline="") as file:
        return [Case(**row) for row in csv.DictReader(file)]


class Site:
    """The demonstration with a signed-in browser per role; each writing request starts from one state."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.path, self.kept = folder / "site.sqlite3", folder / "kept.sqlite3"
        shutil.copyfile(template, self.path)
        self.app = _app(f"sqlite:///{self.path}", folder)
        self.cookies = {role.value: self._sign_in(name) for role, name in fill.sign_in_names().items()}
        self._add_exports(folder)
        self._add_tokens()
        self._add_lists()
        self._add_photos(folder / "photos")
        self._add_draft()
        self.values = self._values()
        self._add_remark()
        self._settle()
        shutil.copyfile(self.path, self.kept)

    def _sign_in(self, name: str) -> str:
        client = self.app.test_client()
        answer = client.post("/sign-in", data={"email": name, "password": PASSWORD})
        cookie = client.get_cookie("pilot_eval")
        assert answer.status_code == 302, answer.text
        assert cookie is not None
        return f"pilot_eval={cookie.value}"

    def _add_exports(self, folder: Path) -> None:
        """A file with rows that head office has waited for, and one without that the manager has."""
        (folder / "exports").mkdir()
        with database.session_of(self.app.extensions["engine"]) as session:
            pilot = session.exec(select(Pilot).where(Pilot.slug == fill.SLUG)).one()
            for role, (job_id, format_name) in EXPORTS.items():
                person = session.exec(select(User).where(User.role == role)).first() or pytest.fail(role)
                session.add(
                    ExportJob(
                        id=job_id,
                        user_id=person.id,
                        pilot_id=pilot.id,
                        format_name=format_name,
                        language="en",
                        with_rows=format_name == "parquet",
                        state=ExportState.READY,
                        file_name="a-file",
                        expires_at=datetime.now(UTC) + timedelta(days=1),
                    )
                )
                (folder / "exports" / job_id).write_bytes(b"content")
            session.commit()

    def _add_draft(self) -> None:
        """A draft of a checklist."""
        with database.session_of(self.app.extensions["engine"]) as session:
            session.add(ChecklistDraft(document=DRAFT))
            session.commit()

    def _add_lists(self) -> None:
        """A file of branches of head office, and one of people of the administrator."""
        with database.session_of(self.app.extensions["engine"]) as session:
            for role, (file_id, kind) in LISTS.items():
                person = session.exec(select(User).where(User.role == role)).first() or pytest.fail(role)
                session.add(
                    ListFile(
                        id=file_id,
                        user_id=person.id,
                        kind=kind,
                        name="rows.csv",
                        sha256="0" * 64,
                        rows=1,
                        columns={"headings": ["code"], "matches": {}},
                        state=ListState.CHECKED,
                    )
                )
            session.commit()

    def _add_tokens(self) -> None:
        """One for each role's person."""
        with database.session_of(self.app.extensions["engine"]) as session:
            for name in fill.sign_in_names().values():
                tokens.make_token(
                    session, OPERATOR, name, scopes=list(TokenScope), days=1, now=datetime.now(UTC)
                )

    def _add_photos(self, folder: Path) -> None:
        """One of a visit of each of two auditors."""
        folder.mkdir()
        with database.session_of(self.app.extensions["engine"]) as session:
            objects = _objects(session)["visit_id"]
            for kind, photo_id in PHOTOS.items():
                visit = session.get_one(Visit, objects["", kind])
                session.add(
                    VisitPhoto(
                        id=photo_id,
                        visit_id=visit.id,
                        user_id=visit.auditor_id,
                        kind=PhotoKind.RECEIPT,
                        digest="0" * 64,
                        size_bytes=7,
                    )
                )
                (folder / f"{photo_id}.jpg").write_bytes(b"content")
            session.commit()

    def _add_remark(self) -> None:
        """Something said of the first auditor's visit."""
        with database.session_of(self.app.extensions["engine"]) as session:
            visit = session.get_one(Visit, self.values["visit_id"]["", "own"])
            session.add(
                VisitRemark(
                    id=REMARK,
                    visit_id=visit.id,
                    kind=RemarkKind.COMMENT,
                    said_at=datetime.now(UTC),
                    said_by=visit.auditor_id,
                    text="The terminal was broken",
                )
            )
            session.commit()

    def _settle(self) -> None:
        """Everything into the one file, so that it can be copied."""
        engine: database.Engine = self.app.extensions["engine"]
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        engine.dispose()

    def restore(self) -> None:
        self.app.extensions["engine"].dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.path)

    def ask(self, case: Case) -> TestResponse:
        """Send the request, an empty form where it writes."""
        rule = next(rule for rule in self.rules() if rule.rule == case.route and case.method in rule.methods)
        with self.app.test_request_context():
            path = self.app.url_map.bind("localhost").build(
                rule.endpoint, self.values_of(rule, case), method=case.method
            )
        # The same cookie each time: what one request does to it is not the next one's matter.
        headers = {"Cookie": self.cookies[case.role]} if case.role in self.cookies else {}
        answer = self.app.test_client(use_cookies=False).open(
            path, method=case.method, headers=headers, json=self.body_of(rule, case)
        )
        answer.get_data()
        answer.close()
        if case.method != "GET":
            self.restore()
        return answer

    def rules(self) -> Iterator[Rule]:
        yield from self.app.url_map.iter_rules()

    def values_of(self, rule: Rule, case: Case) -> dict[str, Any]:
        """What the route's variables hold: the innermost object is the case's, those around it are own."""
        owned = self.owned_of(rule)
        values = {name: FIXED.get((rule.rule, name), FIXED.get(("", name))) for name in rule.arguments}
        for name, kinds in owned.items():
            if name not in rule.arguments:
                continue
            innermost = name == list(owned)[-1] and case.object != "-"
            kind = case.object if innermost else "own"
            values[name] = kinds.get((case.role, kind), kinds.get(("", kind)))
            assert values[name] is not None, f"{case}: nothing known for {name}"
        return values

    def body_of(self, rule: Rule, case: Case) -> Any:
        """A record for the case's assignment, where one is sent."""
        if rule.rule not in RECORDS or case.method != "PUT":
            return None
        return {"assignment": self.values["assignment_id"]["", case.object], **RECORDS[rule.rule]}

    def owned_of(self, rule: Rule) -> dict[str, dict[tuple[str, str], Any]]:
        """The route's variables that name objects, from the outside in."""
        names = [name for name in self.values if name in rule.arguments]
        names.sort(key=lambda name: rule.rule.index(f"{name}>"))
        found = {name: self.values[name] for name in names}
        if rule.rule in RECORDS:
            found["assignment_id"] = self.values["assignment_id"]
        if "slug" in names and "assignment_id" in names:
            found["assignment_id"] = self.values["assignment_of_pilot"]
        return found

    def _values(self) -> dict[str, dict[tuple[str, str], Any]]:
        with database.session_of(self.app.extensions["engine"]) as session:
            return _objects(session)


REMARK = 4711

# Exports that are ready, by who asked for them.
EXPORTS = {
    Role.HEAD_OFFICE: ("10000000-0000-4000-8000-000000000000", "parquet"),
    Role.MANAGER: ("20000000-0000-4000-8000-000000000000", "json"),
}

# Files of rows that were brought in and looked through, by who did so.
LISTS = {
    Role.HEAD_OFFICE: ("30000000-0000-4000-8000-000000000000", ListKind.BRANCHES),
    Role.ADMINISTRATOR: ("40000000-0000-4000-8000-000000000000", ListKind.PEOPLE),
}

# A draft of a checklist; the keys of its parts stand in the addresses of their pages.
DRAFT = {
    "sections": [
        {"key": "5ec71040", "code": "A", "items": [{"key": "9e571040", "code": "A1", "type": "yesno"}]}
    ]
}

# Records that are sent, by the route that takes them; what else is wrong with them does not matter here.
RECORDS: dict[str, dict[str, Any]] = {
    "/api/v1/timings/<uuid:record_id>": {"outcome": "served"},
    "/api/v1/visits/<uuid:record_id>": {"outcome": "done"},
}

# Photographs of visits of the pilot: of the auditor's own, and of another one's.
PHOTOS = {
    "own": UUID("50000000-0000-4000-8000-000000000000"),
    "other_person": UUID("60000000-0000-4000-8000-000000000000"),
}

# Variables that are choices rather than objects, for one route or ('') for all.
FIXED: dict[tuple[str, str], Any] = {
    ("", "change"): "close",
    ("", "chosen"): "en",
    ("", "filename"): "css/app.css",
    ("", "format_name"): "json",
    ("", "kind"): "svg",
    ("", "name"): "before-after-quality",
    ("", "page"): "auditor",
    ("", "period"): "before",
    ("", "ruling"): "approve",
    ("", "record_id"): NOWHERE,
    ("", "schema"): "pilot-summary-1",
    ("", "token"): "no-such-token",
    ("", "suffix"): "csv",
    ("/lists/<kind>", "kind"): "branches",
    ("/lists/<kind>/template.<any(csv, xlsx):suffix>", "kind"): "branches",
    ("/checklists/versions/<int:version_id>/file.<kind>", "kind"): "yml",
    ("/checklists/drafts/<int:draft_id>/sections/<key>", "key"): "5ec71040",
    ("/checklists/drafts/<int:draft_id>/questions/<key>", "key"): "9e571040",
    ("/bootstrap/static/<path:filename>", "filename"): "css/bootstrap.min.css",
    ("/fs-static/<path:filename>", "filename"): "js/base64.js",
}


def _objects(session: Session) -> dict[str, dict[tuple[str, str], Any]]:
    """By variable, then by role and kind ('' is any role)."""
    auditor, other = session.exec(
        select(User).where(User.role == Role.AUDITOR).order_by(col(User.pseudonym)).limit(2)
    ).all()
    finished = session.exec(select(Pilot).where(Pilot.slug == fill.SLUG)).one()
    running = session.exec(select(Pilot).where(Pilot.slug == fill.RUNNING)).one()
    regions = {region.code: region for region in session.exec(select(Region))}

    def first_of(table: Any, owner: User, pilot: Pilot = finished, region: str = "") -> Any:
        wanted = select(table.id).where(table.auditor_id == owner.id, table.pilot_id == pilot.id)
        if region:
            within = select(Branch.id).where(Branch.region_id == regions[region].id)
            wanted = wanted.where(table.branch_id.in_(within))
        return session.exec(wanted.limit(1)).first()

    def event_of(pilot: Pilot) -> Any:
        return session.exec(
            select(BranchEvent.id)
            .join(PilotBranch, col(PilotBranch.branch_id) == col(BranchEvent.branch_id))
            .where(
                PilotBranch.pilot_id == pilot.id,
                BranchEvent.change == ("closed" if pilot is running else "trained_late"),
            )
        ).first()

    def branch_in(region: str) -> str:
        return session.exec(
            select(Branch.code).where(Branch.region_id == regions[region].id).order_by(Branch.code)
        ).first() or pytest.fail(region)

    people = {role: session.exec(select(User).where(User.role == role)).first() for role in Role}
    sign_ins = {
        user.role.value: session.exec(select(SignIn.id).where(SignIn.user_id == user.id)).first()
        for user in people.values()
        if user
    }
    own_tokens = {
        user.role.value: session.exec(select(ApiToken.id).where(ApiToken.user_id == user.id)).first()
        for user in people.values()
        if user
    }
    open_ones = {
        owner.id: session.exec(
            select(Assignment.id)
            .where(Assignment.auditor_id == owner.id, Assignment.pilot_id == running.id)
            .order_by(col(Assignment.window_to).desc())
            .limit(1)
        ).first()
        for owner in (auditor, other)
    }
    return {
        "slug": {
            ("", "own"): finished.slug,
            ("", "other_region"): running.slug,
            ("", "missing"): "no-such-pilot",
        },
        "assignment_of_pilot": {
            ("", "own"): first_of(Assignment, auditor),
            ("", "other_region"): open_ones[auditor.id],
            ("", "missing"): 987654321,
        },
        "code": {
            ("", "own"): branch_in("vladimir"),
            ("", "other_region"): branch_in("kovrov"),
            ("", "missing"): "999999",
        },
        "region": {
            ("", "own"): "vladimir",
            ("", "other_region"): "kovrov",
            ("", "missing"): "nowhere",
        },
        "assignment_id": {
            ("", "own"): open_ones[auditor.id],
            ("", "other_person"): open_ones[other.id],
            ("", "missing"): 987654321,
        },
        "visit_id": {
            # Of the manager's region, and of another one.
            ("", "own"): first_of(Visit, auditor, region="vladimir"),
            ("", "other_person"): first_of(Visit, other, region="kovrov"),
            ("", "missing"): NOWHERE,
        },
        "remark_id": {("", "own"): REMARK, ("", "missing"): 987654321},
        "timing_id": {
            ("", "own"): first_of(Timing, auditor),
            ("", "other_person"): first_of(Timing, other),
            ("", "missing"): NOWHERE,
        },
        "draft_id": {
            ("", "own"): session.exec(select(ChecklistDraft.id)).first(),
            ("", "missing"): 987654321,
        },
        "version_id": {
            ("", "own"): session.exec(select(ChecklistVersion.id)).first(),
            ("", "missing"): 987654321,
        },
        "event_id": {
            ("", "own"): event_of(finished),
            ("", "other_region"): event_of(running),
            ("", "missing"): 987654321,
        },
        "person_id": {("", "own"): other.id, ("", "missing"): 987654321},
        "job_id": {
            ("", "own"): EXPORTS[Role.HEAD_OFFICE][0],
            ("", "other_person"): EXPORTS[Role.MANAGER][0],
            ("manager", "own"): EXPORTS[Role.MANAGER][0],
            ("manager", "other_person"): EXPORTS[Role.HEAD_OFFICE][0],
            ("", "missing"): NOWHERE,
        },
        "file_id": {
            ("", "own"): LISTS[Role.HEAD_OFFICE][0],
            ("", "other_person"): LISTS[Role.ADMINISTRATOR][0],
            ("administrator", "own"): LISTS[Role.ADMINISTRATOR][0],
            ("administrator", "other_person"): LISTS[Role.HEAD_OFFICE][0],
            ("", "missing"): NOWHERE,
        },
        "token_id": {
            ("", "own"): 987654321,
            ("", "missing"): 987654321,
            **{(role, "own"): key for role, key in own_tokens.items()},
            **{
                (role, "other_person"): next(key for others, key in own_tokens.items() if others != role)
                for role in (*own_tokens, "anonymous")
            },
        },
        "photo_id": {
            ("", "own"): PHOTOS["own"],
            ("", "other_person"): PHOTOS["other_person"],
            ("", "missing"): NOWHERE,
        },
        "sign_in_id": {
            ("", "own"): "none",
            ("", "missing"): "no-such-sign-in",
            **{(role, "own"): key for role, key in sign_ins.items()},
            **{
                (role, "other_person"): next(key for others, key in sign_ins.items() if others != role)
                for role in (*sign_ins, "anonymous")
            },
        },
    }


def _app(url: str, folder: Path) -> Flask:
    app = create_app(Settings("production", url, folder, SECRET, LOOPBACK))
    # Tokens have their own tests; here each POST must reach the policy.
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=8, argon2__parallelism=1
    )
    return app


@pytest.fixture(scope="module")
def site(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("permissions"), demo_template / "pilot_eval.sqlite3")
    yield site
    site.app.extensions["engine"].dispose()


def answer_of(response: TestResponse) -> str:
    """The oracle's word for a response."""
    place = response.headers.get("Location", "")
    if response.status_code in {403, 404}:
        return str(response.status_code)
    if place.startswith("/confirm-password") or 'action="/confirm-password' in response.text:
        return "fresh" if response.status_code in {302, 401} else "ok"
    if response.status_code == 401 or place.startswith("/sign-in"):
        return "sign-in"
    return "ok" if response.status_code < 500 else f"broken: {response.status_code}"


def test_every_route_and_role_has_its_rows(site: Site) -> None:
    known = {(case.method, case.route, case.role) for case in oracle()}
    there = {
        (method, rule.rule, role)
        for rule in site.rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        for role in ROLES
    }
    assert there - known == set(), "routes without rows in permissions.csv"
    assert known - there == set(), "rows in permissions.csv without a route"


def test_a_route_with_an_object_is_asked_for_a_missing_one_and_a_foreign_one(site: Site) -> None:
    kinds: dict[tuple[str, str], set[str]] = {}
    for case in oracle():
        kinds.setdefault((case.method, case.route), set()).add(case.object)
    for rule in site.rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            owned = list(site.owned_of(rule).values())
            needed = {kind for _role, kind in owned[-1]} if owned else {"-"}
            assert kinds[method, rule.rule] == needed, f"{method} {rule.rule}"


def test_the_site_answers_as_the_oracle_says(site: Site) -> None:
    wrong = []
    for case in oracle():
        answer = answer_of(site.ask(case))
        if answer != case.answer:
            wrong.append(f"{','.join(case[:4])}: {answer}, not {case.answer}")
    assert not wrong, "\n".join(wrong)


def test_what_is_out_of_sight_looks_exactly_as_what_is_missing(site: Site) -> None:
    """A manager cannot tell another region's branch from one that does not exist."""
    missing = {
        (case.method, case.route, case.role): _page(site.ask(case))
        for case in oracle()
        if case.object == "missing" and case.answer == "404"
    }
    for case in oracle():
        if case.object in {"other_region", "other_person"} and case.answer == "404":
            assert _page(site.ask(case)) == missing[case.method, case.route, case.role], case


def _page(response: TestResponse) -> str:
    """The page without what differs on every page: its form token and its own address."""
    return re.sub(r'name="(csrf_token|next)" value="[^"]+"', "", response.text)


@pytest.mark.parametrize("role", [Role.HEAD_OFFICE, Role.ADMINISTRATOR])
def test_an_old_sign_in_is_asked_for_the_password_again(site: Site, role: Role) -> None:
    site.app.config["CLOCK"] = lambda: datetime.now(UTC) + timedelta(minutes=16)
    try:
        asked = {
            (case.method, case.route)
            for case in oracle()
            if case.role == role.value and case.answer == "ok" and answer_of(site.ask(case)) == "fresh"
        }
    finally:
        del site.app.config["CLOCK"]
    assert asked == FRESH[role]


# Routes whose operation the policy allows only shortly after the password was given.
FRESH: dict[Role, set[tuple[str, str]]] = {
    Role.HEAD_OFFICE: {
        ("POST", "/exports/<job_id>/file"),
        ("POST", "/pilots/<slug>/waves/<period>/<any(close, lock):change>"),
        ("POST", "/checklists/drafts/<int:draft_id>/publish"),
        ("POST", "/pilots/<slug>/plan/freeze"),
        # The plan of these pilots is frozen; a draft is edited without it.
        ("GET", "/pilots/<slug>/plan/edit"),
        ("POST", "/pilots/<slug>/plan/edit"),
        ("POST", "/pilots/<slug>/looks"),
        ("GET", "/pilots/<slug>/decision"),
        ("POST", "/pilots/<slug>/decision"),
    },
    Role.ADMINISTRATOR: {
        ("GET", "/people/<int:person_id>"),
        ("GET", "/people/new"),
        ("POST", "/people/<int:person_id>"),
        ("POST", "/people/<int:person_id>/link"),
        ("POST", "/people/new"),
        ("GET", "/lists/files/<file_id>"),
        ("POST", "/lists/files/<file_id>/check"),
        ("POST", "/lists/files/<file_id>/store"),
        ("POST", "/lists/files/<file_id>/remove"),
    },
}
