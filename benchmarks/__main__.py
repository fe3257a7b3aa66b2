"""Run every benchmark and write RESULTS.md.

The exit status tells whether all limits hold. BENCH_SHORT=1 measures less, and leaves
RESULTS.md alone.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from . import machine


MODULES = ("webhook", "journey", "memory", "matching")
RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run each in a process of its own, one after the other."""
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


ALL_HOLD = "All limits hold."


def _run(module: str) -> tuple[str, bool]:
    started_at = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=RESULTS.parent.parent,
    )
    seconds = time.monotonic() - started_at
    text = run.stdout.strip()
    if not text.startswith("## "):
        text = f"## {module.capitalize()}\n\n```\n{text}\n```"
    return f"{text}\n\n({seconds:.0f} s)\n", run.returncode == 0


if __name__ == "__main__":
    main()
