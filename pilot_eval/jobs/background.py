"""The queue of long work, exports and files brought in, and the threads that work it off."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from huey import Huey, crontab
from huey.consumer import Consumer

from pilot_eval.domain.people import Actor
from pilot_eval.jobs.storage import QueueStorage
from pilot_eval.operations import export_jobs, list_work, photos
from pilot_eval.records import database
from pilot_eval.records.base import now
from pilot_eval.settings import Settings

# What is deleted because its time is over, nobody has asked for.
_KEEPER: Final = Actor("retention", None)
PATIENCE_SECONDS: Final = 5.0  # for work in hand when the server stops


class _Consumer(Consumer):
    """Runs beside a server, which keeps the signals of the process to itself."""

    def _set_signal_handlers(self) -> None:
        pass


class Background:
    """Long work in the background of this process, or of another one on the same data folder.

    Parameters
    ----------
    settings : Settings
        Where the queue, the files and the database are.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder: Path = settings.data / "exports"
        self.lists: Path = settings.data / "lists"
        self.photos: Path = settings.photos
        self._settings = settings
        self._consumer: _Consumer | None = None
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.huey = Huey(
            "exports",
            results=False,
            storage_class=QueueStorage,
            filename=str(settings.data / "jobs.sqlite3"),
        )
        self._make = self.huey.task(name="make_export")(self._make_export)
        self._work_on = self.huey.task(name="work_on_list")(self._work_on_list)
        self.huey.periodic_task(crontab(minute="*"), name="look_after_exports")(self.look_after)

    def enqueue(self, job_id: str) -> None:
        """Have a job made as soon as somebody has time."""
        self._make(job_id)

    def enqueue_list(self, file_id: str) -> None:
        """Have a file that is brought in worked on as soon as somebody has time."""
        self._work_on(file_id)

    def work_on_list(self, file_id: str) -> None:
        """Work on a file that is brought in, at once."""
        self._work_on_list(file_id)

    def start(self, workers: int = 1) -> None:
        """Begin to work off the queue, in threads of this process."""
        logging.getLogger("huey").setLevel(logging.WARNING)
        self.look_after()
        self._consumer = _Consumer(
            self.huey, workers=workers, max_delay=1.0, shutdown_timeout=PATIENCE_SECONDS
        )
        self._consumer.start()

    def stop(self) -> None:
        """Stop; what is in hand after a moment's patience is made again by whoever starts next."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._consumer = None
        self.huey.storage.close()

    def look_after(self) -> None:
        """Queue again what was lost, and clear away what is over."""
        engine = database.open_database(self._settings.database)
        try:
            with database.session_of(engine) as session:
                export_jobs.clean_up(session, self.folder, now())
                lost = export_jobs.waiting(session, now())
                list_work.clean_up(session, self.lists, now())
                lost_lists = list_work.waiting(session, now())
                photos.delete_old(session, _KEEPER, self.photos, now(), self._settings.photo_days)
                photos.sweep(session, self.photos, now())
        finally:
            engine.dispose()
        if not self.huey.pending_count():  # else they are in the queue still
            for job_id in lost:
                self.enqueue(job_id)
            for file_id in lost_lists:
                self.enqueue_list(file_id)

    def _make_export(self, job_id: str) -> None:
        engine = database.open_database(self._settings.database)
        try:
            export_jobs.make(engine, job_id, self.folder)
        finally:
            engine.dispose()

    def _work_on_list(self, file_id: str) -> None:
        engine = database.open_database(self._settings.database)
        try:
            list_work.work_on(engine, file_id, self.lists)
        finally:
            engine.dispose()
