"""What the web server runs; the settings module in the environment says which process it is."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
