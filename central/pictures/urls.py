from django.urls import path

from central.pictures import views
from central.pictures.lists import PICTURES
from central.ui import lists

urlpatterns = [
    path("_media/<str:name>", views.media, name="media"),
    *lists.urls(PICTURES),
    path("pictures/sites/<str:site>", views.profile, name="pictures-profile"),
    path("pictures/sites/<str:site>/preview", views.preview, name="pictures-preview"),
    path("pictures/sites/<str:site>/do", views.act, name="pictures-act"),
]
