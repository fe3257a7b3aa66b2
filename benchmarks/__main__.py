"""Run every benchmark; the exit status tells whether all limits hold."""

from . import matching


matching.main()
