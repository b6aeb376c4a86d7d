from django.urls import path

from central.cdn import views
from central.cdn.lists import ACCOUNTS, MEDIA, PURGES, QUEUE, ZONES
from central.ui import lists

urlpatterns = [
    *lists.urls(ZONES),
    *lists.urls(QUEUE),
    *lists.urls(PURGES),
    path("cdn/media/set", views.new_media, name="cdn-media-new"),
    path("cdn/media/of/<str:site_id>", views.edit_media, name="cdn-media-edit"),
    *lists.urls(MEDIA),
    path("cdn/purge", views.purge_now, name="cdn-purge-now"),
    path("cdn/accounts/new", views.new_account, name="cdn-account-new"),
    path("cdn/accounts/<uuid:account_id>", views.account, name="cdn-account"),
    path("cdn/accounts/<uuid:account_id>/edit", views.edit_account, name="cdn-account-edit"),
    path("cdn/accounts/<uuid:account_id>/check", views.check_account, name="cdn-account-check"),
    path("cdn/accounts/<uuid:account_id>/again", views.again, name="cdn-account-again"),
    path("cdn/accounts/<uuid:account_id>/zone", views.new_zone, name="cdn-zone-new"),
    path("cdn/zone/<uuid:zone_id>", views.zone, name="cdn-zone"),
    path("cdn/zone/<uuid:zone_id>/edit", views.edit_zone, name="cdn-zone-edit"),
    path("cdn/zone/<uuid:zone_id>/purge", views.purge_zone, name="cdn-zone-purge"),
    path("cdn/zone/<uuid:zone_id>/dns", views.dns, name="cdn-zone-dns"),
    *lists.urls(ACCOUNTS),
]
