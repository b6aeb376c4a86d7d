from django.urls import path

from central.carts import views
from central.carts.lists import CARTS
from central.ui import lists

urlpatterns = [
    *lists.urls(CARTS),
    path("carts/<uuid:ref>", views.card, name="carts-card"),
]
