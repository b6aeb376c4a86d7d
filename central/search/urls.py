"""Addresses of search."""

from __future__ import annotations

from django.urls import path

from central.search import views
from central.search.lists import SEARCH, SYNONYMS, WORDS
from central.ui import lists

urlpatterns = [
    *lists.urls(WORDS),
    *lists.urls(SEARCH),
    *lists.urls(SYNONYMS),
    path("search/sites/<slug:site_id>", views.one, name="search-one"),
    path("search/sites/<slug:site_id>/change", views.tune, name="search-tune"),
    path("search/sites/<slug:site_id>/build", views.build, name="search-build"),
    path("synonyms/new", views.new_synonyms, name="synonyms-new"),
    path("synonyms/<int:synonyms_id>", views.one_synonyms, name="synonyms-one"),
]
