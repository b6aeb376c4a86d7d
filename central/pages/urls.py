from django.urls import path

from central.pages import views

urlpatterns = [
    path("pages", views.pages, name="pages"),
    path("pages/of/<str:site_id>", views.page, name="pages-one"),
    path("pages/of/<str:site_id>/remake", views.remake, name="pages-remake"),
    path("pages/of/<str:site_id>/exclude", views.exclude, name="pages-exclude"),
]
