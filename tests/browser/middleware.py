"""Middleware of the live server that the browser talks to."""

from threading import RLock


#: SQLite in memory is one connection, which the server's threads share.
ONE_AT_A_TIME = RLock()

STRICT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:"
)


def one_at_a_time(get_response):
    """Handle one request after the other."""

    def middleware(request):
        with ONE_AT_A_TIME:
            return get_response(request)

    return middleware


def strict_csp(get_response):
    """Answer a browser that asks for it with a strict Content-Security-Policy."""

    def middleware(request):
        response = get_response(request)
        if request.headers.get("X-Strict-CSP"):
            response["Content-Security-Policy"] = STRICT_POLICY
        return response

    return middleware
