from django.urls import path

from central.cluster.join import join

urlpatterns = [path("_join", join, name="join")]
