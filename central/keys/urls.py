from django.urls import path

from central.keys import views

urlpatterns = [
    path("encryption-keys", views.keys, name="crypto-keys"),
    path("encryption-keys/<slug:kind>/add", views.add, name="crypto-keys-add"),
    path("encryption-keys/<slug:kind>/rotate", views.rotate, name="crypto-keys-rotate"),
    path("encryption-keys/<slug:kind>/<int:name>/retire", views.retire, name="crypto-keys-retire"),
]
