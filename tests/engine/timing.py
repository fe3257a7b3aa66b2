"""How long a call takes, whoever watches."""

import sys
import time


def cpu_seconds(function, *arguments):
    """Call it without a tracer: coverage makes what it counts several times slower."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        start = time.process_time()
        function(*arguments)
        return time.process_time() - start
    finally:
        sys.settrace(tracer)
