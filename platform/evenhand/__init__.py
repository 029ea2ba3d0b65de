"""The Django project: settings, addresses, processes and the command line."""

from evenhand.celery import app as celery_app

__all__ = ["celery_app"]
