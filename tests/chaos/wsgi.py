"""The site as gunicorn serves it: all is loaded before the workers are forked."""

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver


application = get_wsgi_application()
# Otherwise each new worker takes seconds for its first request.
get_resolver().url_patterns  # noqa: B018
