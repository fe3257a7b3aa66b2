"""Run every benchmark and write RESULTS.md.

The exit status tells whether all limits hold. BENCH_SHORT=1 measures less, and leaves
RESULTS.md alone.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import machine


MODULES = ("webhook", "journey", "memory", "matching")
ALL_HOLD = "All limits hold."
RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run each in a process of its own, one after the other."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    texts, failed = [machine.describe()], []
    for module in MODULES:
        print(f"... {module}", file=sys.stderr, flush=True)
        text, holds = _run(module)
        print(text, flush=True)
        texts.append(text)
        if not holds:
            failed.append(module)
    verdict = f"Limits that do not hold: {', '.join(failed)}." if failed else ALL_HOLD
    print(verdict)
    if os.environ.get("BENCH_SHORT") != "1":
        RESULTS.write_text("\n".join([*texts, verdict, ""]))
    sys.exit(bool(failed))


def _run(module: str) -> tuple[str, bool]:
    started_at = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=RESULTS.parent.parent,
    )
    try:
        text = process.communicate()[0].strip()
    finally:
        # Told to stop: it drops its database first.
        process.terminate()
        process.wait()
    if not text.startswith("## "):
        text = f"## {module.capitalize()}\n\n```\n{text}\n```"
    seconds = time.monotonic() - started_at
    return f"{text}\n\n({seconds:.0f} s)\n", process.returncode == 0


if __name__ == "__main__":
    main()
