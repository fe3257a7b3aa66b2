"""Processes in groups of their own: started, killed without warning, and ended."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


#: A group ends when the tests die, and in any case after so many seconds.
ENDED_WITH_US = ["setpriv", "--pdeathsig", "TERM", "timeout", "--signal=KILL", "3600"]


class ProcessGroup:
    """A server and the workers it forks."""

    def __init__(self, command, environment, log, cwd):
        self.command, self.environment = command, environment
        self.log, self.cwd = log, cwd
        self._process = None

    def start(self):
        """Start it; what it writes is added to the log."""
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [*ENDED_WITH_US, *self.command],
                env=self.environment,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_running(self):
        """True until its head has died."""
        return self._process is not None and self._process.poll() is None

    def kill(self):
        """Kill all of them at once, as a machine that loses its power does."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        while self.members():
            time.sleep(0.01)
        self._process = None

    def kill_one(self, pids, rng):
        """Kill one of these, if it is ours and lives; did one?"""
        candidates = sorted(self.members().keys() & set(pids))
        if candidates:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(candidates), signal.SIGKILL)
        return bool(candidates)

    def forks(self):
        """The ids of what the server itself has forked, the oldest first."""
        members = self.members()
        heads = {pid for pid, parent in members.items() if parent == self._process.pid}
        return sorted(pid for pid, parent in members.items() if parent in heads)

    def members(self):
        """The ids of its living processes with their parents' ids."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent, group = stat.read_text().rpartition(")")[2].split()[:3]
                if int(group) == self._process.pid and state != "Z":
                    found[int(stat.parent.name)] = int(parent)
        return found
