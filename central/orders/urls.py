from django.urls import path

from central.orders import views

urlpatterns = [
    path("orders", views.orders, name="orders"),
    path("orders/lines", views.lines, name="orders-lines"),
    path("orders/news", views.news, name="orders-news"),
    path("orders/<uuid:order_id>", views.card, name="orders-card"),
    path("orders/<uuid:order_id>/row", views.row, name="orders-row"),
    path("orders/<uuid:order_id>/status", views.change_status, name="orders-status"),
    path("orders/<uuid:order_id>/note", views.edit_note, name="orders-note"),
]
