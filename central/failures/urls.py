from django.urls import path

from central.failures import views
from central.failures.lists import FAILURES
from central.ui import lists

urlpatterns = [
    *lists.urls(FAILURES),
    path("failed-jobs/<int:failure_id>", views.one, name="failures-one"),
    path("failed-jobs/<int:failure_id>/again", views.again, name="failures-again"),
    path("failed-jobs/<int:failure_id>/give-up", views.give_up, name="failures-give-up"),
]
