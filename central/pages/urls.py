from django.urls import path

from central.pages import link_views, speed_views, views
from central.pages.lists import BROKEN, IGNORED
from central.ui import lists

urlpatterns = [
    path("pages", views.pages, name="pages"),
    path("pages/of/<str:site_id>", views.page, name="pages-one"),
    path("pages/of/<str:site_id>/remake", views.remake, name="pages-remake"),
    path("pages/of/<str:site_id>/exclude", views.exclude, name="pages-exclude"),
    path("speed", speed_views.overview, name="speed"),
    *lists.urls(BROKEN),
    *lists.urls(IGNORED),
    path("broken-links/<int:link_id>", link_views.link, name="broken-links-one"),
    path("broken-links/<int:link_id>/ignore", link_views.ignore, name="broken-links-ignore"),
    path("broken-links/<int:link_id>/notice", link_views.notice, name="broken-links-notice"),
]
