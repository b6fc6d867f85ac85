"""What processes ask the kernel for, as strace tells: a request received, a file synced, an answer sent."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_TRACED = ["strace", "-f", "-y", "-ttt", "-T", "-s", "120", "-e", "trace=recvfrom,sendto,fsync,fdatasync"]
_LINE = re.compile(r"(?P<process>\d+) +(?P<at>\d+\.\d+) (?P<call>.*)")
_SYNC = re.compile(r"f(?:data)?sync\(\d+<(?P<path>[^>]*)>")


@dataclass(frozen=True)
class Call:
    """One call of the kernel: its text, when it began and when it had ended."""

    text: str
    began: float
    ended: float

    @property
    def synced(self) -> str:
        """The file that is on the disk once the call has ended; empty for any other call."""
        found = _SYNC.match(self.text)
        return found["path"] if found else ""


@contextmanager
def attached(log: Path, process: int) -> Iterator[None]:
    """A running process, and every one that it begins, under strace."""
    with subprocess.Popen([*_TRACED, "-o", str(log), "-p", str(process)], stderr=subprocess.PIPE) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if b"attached" not in said:
            pytest.skip(f"strace may not look at other processes here: {said!r}")
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)


def need_strace() -> None:
    """Skip where the kernel cannot be watched."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed; it is in the distribution's package of that name")


def read(log: Path) -> list[Call]:
    """Every call that succeeded."""
    calls, begun = [], {}
    for line in log.read_text(errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        process, at, text = found["process"], float(found["at"]), found["call"]
        if text.endswith("<unfinished ...>"):
            begun[process] = (at, text.removesuffix("<unfinished ...>"))
        elif text.startswith("<..."):
            began, head = begun.pop(process, (at, ""))
            calls.append(Call(head + text, began, at))
        elif took := re.search(r"= \d+ <([0-9.]+)>$", text):
            calls.append(Call(text, at, at + float(took[1])))
    return calls
