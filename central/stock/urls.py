from django.urls import path

from central.stock import lists as ours
from central.stock import rights_views, views
from central.stock.rights_list import RIGHTS
from central.ui import lists

urlpatterns = [
    *lists.urls(ours.STOCK),
    *lists.urls(ours.LEDGER),
    *lists.urls(ours.WAITING),
    *lists.urls(ours.SUPPLIES),
    *lists.urls(ours.WAREHOUSES),
    *lists.urls(ours.AUDIT),
    *lists.urls(RIGHTS),
    path("stock/rights/of/<uuid:grant_id>", rights_views.right, name="stock-right"),
    path("stock/rights/of/<uuid:grant_id>/write-off", rights_views.write_off, name="stock-right-write-off"),
    path("stock/receive", views.receive, name="stock-receive"),
    path("stock/transfer", views.transfer, name="stock-transfer"),
    path("stock/rules", views.desk_rules, name="stock-rules"),
    path("stock/goods/<uuid:variant>/change", views.change, name="stock-change"),
    path("stock/goods/<uuid:variant>/plan", views.plan, name="stock-plan"),
    path("stock/supplies/<int:supply_id>", views.supply, name="stock-supply"),
    path("stock/supplies/<int:supply_id>/receive", views.receive_supply, name="stock-supply-receive"),
    path("stock/supplies/<int:supply_id>/give-up", views.give_up_supply, name="stock-supply-give-up"),
    path("stock/warehouses/new", views.new_warehouse, name="stock-warehouse-new"),
    path("stock/warehouses/<slug:code>", views.warehouse, name="stock-warehouse"),
    path("stock/warehouses/<slug:code>/edit", views.edit_warehouse, name="stock-warehouse-edit"),
    path("stock/warehouses/<slug:code>/switch", views.switch_warehouse, name="stock-warehouse-switch"),
]
