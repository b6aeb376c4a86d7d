from django.urls import path

from central.health import cache_views, views

urlpatterns = [
    path("health", views.health, name="cluster-health"),
    path("health/cache", cache_views.caches, name="cluster-health-cache"),
    path("health/cache/empty", cache_views.empty, name="cluster-health-cache-empty"),
]
