from django.urls import path

from central.seo import views
from central.seo.lists import FEEDS, MIGRATIONS, OLD_PAGES, REDIRECTS
from central.ui import lists

urlpatterns = [
    path("seo", views.overview, name="seo"),
    path("seo/rules/<int:rule_id>", views.rule, name="seo-rule"),
    path("seo/<str:site>/patterns/<str:page_kind>", views.patterns, name="seo-patterns"),
    path("seo/<str:site>/patterns/<str:page_kind>/look", views.look, name="seo-look"),
    path("seo/<str:site>/robots", views.robots, name="seo-robots"),
    path("seo/<str:site>/categories", views.categories, name="seo-categories"),
    path("seo/<str:site>/page/<str:page_kind>", views.page, name="seo-page"),
    path("seo/<str:site>/page/<str:page_kind>/<uuid:product_id>", views.page, name="seo-page-of"),
    *lists.urls(REDIRECTS),
    path("redirects/new", views.new_redirect, name="redirects-new"),
    path("redirects/sheet", views.sheet, name="redirects-sheet"),
    path("redirects/<int:redirect_id>", views.one_redirect, name="redirects-one"),
    *lists.urls(FEEDS),
    path("feeds/new", views.new_feed, name="feeds-new"),
    path("feeds/<int:feed_id>", views.one_feed, name="feeds-one"),
    path("feeds/<int:feed_id>/edit", views.edit_feed, name="feeds-edit"),
    path("feeds/<int:feed_id>/drop", views.drop_feed, name="feeds-drop"),
    *lists.urls(MIGRATIONS),
    path("migrations/new", views.new_migration, name="migrations-new"),
    path("migrations/<uuid:move_id>", views.one_migration, name="migrations-one"),
    path("migrations/<uuid:move_id>/progress", views.progress, name="migrations-progress"),
    path("migrations/<uuid:move_id>/take", views.take, name="migrations-take"),
    path("migrations/<uuid:move_id>/sheet", views.matches, name="migrations-sheet"),
    *lists.urls(OLD_PAGES),
    path("old-pages/<int:old_page_id>", views.old_page, name="old-pages-one"),
]
