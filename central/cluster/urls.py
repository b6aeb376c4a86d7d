from django.urls import path

from central.cluster import views
from central.cluster.join import join

urlpatterns = [
    path("_join", join, name="join"),
    path("nodes", views.nodes, name="nodes"),
    path("nodes/invite", views.invite, name="nodes-invite"),
    path("nodes/<slug:node_id>", views.node, name="nodes-one"),
    path("nodes/<slug:node_id>/revoke", views.revoke, name="nodes-revoke"),
    path("nodes/<slug:node_id>/cut", views.cut, name="nodes-cut"),
    path("nodes/<slug:node_id>/heal", views.heal, name="nodes-heal"),
    path("sites", views.sites, name="sites"),
    path("sites/new", views.new_site, name="sites-new"),
    path("sites/<slug:site_id>", views.site, name="sites-one"),
]
