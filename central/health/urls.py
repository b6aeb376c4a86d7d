from django.urls import path

from central.health import views

urlpatterns = [path("health", views.health, name="cluster-health")]
