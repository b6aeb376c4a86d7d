from django.urls import path

from central.ui import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/<slug:card_id>", views.home_card, name="home-card"),
    path("palette", views.palette, name="palette"),
    path("choose-site", views.choose_site, name="choose-site"),
    path("sites.css", views.sites_css, name="sites-css"),
]
