from django.urls import path

from central.orders import by_hand, pairs, views
from central.orders.lists import LINES, ORDERS
from central.ui import lists

urlpatterns = [
    *lists.urls(ORDERS),
    *lists.urls(LINES),
    *lists.urls(pairs.PAIRS),
    path("orders/duplicates/<int:pair_id>", pairs.pair, name="orders-pair"),
    path("orders/duplicates/<int:pair_id>/decide", pairs.decide, name="orders-pair-decide"),
    path("orders/new", by_hand.new_order, name="orders-new"),
    path("orders/<uuid:order_id>", views.card, name="orders-card"),
    path("orders/<uuid:order_id>/status", views.change_status, name="orders-status"),
    path("orders/<uuid:order_id>/note", views.edit_note, name="orders-note"),
]
