from django.urls import path

from central.cluster.join import adopt, join
from central.cluster.lists import GROUPS, SITES
from central.cluster.node_list import NODES
from central.cluster.refusal_list import REFUSALS
from central.cluster.region_list import REGIONS
from central.cluster.views import groups, locales, moves, nodes, realms, sites, words
from central.ui import lists

urlpatterns = [
    path("_join", join, name="join"),
    path("_adopt", adopt, name="adopt"),
    *lists.urls(NODES),
    *lists.urls(REFUSALS),
    path("nodes/invite", nodes.invite, name="nodes-invite"),
    path("nodes/watch", nodes.watch, name="nodes-watch"),
    path("nodes/<slug:node_id>", nodes.node, name="nodes-one"),
    path("nodes/<slug:node_id>/revoke", nodes.revoke, name="nodes-revoke"),
    path("nodes/<slug:node_id>/cut", nodes.cut, name="nodes-cut"),
    path("nodes/<slug:node_id>/heal", nodes.heal, name="nodes-heal"),
    path("realms", realms.realms, name="realms"),
    path("realms/test", realms.test_database, name="realms-test"),
    path("realms/<slug:realm>", realms.realm, name="realms-one"),
    path("realms/<slug:realm>/move", moves.move, name="realms-move"),
    path("realms/<slug:realm>/abort", moves.abort, name="realms-abort"),
    *lists.urls(SITES),
    path("sites/new", sites.new_site, name="sites-new"),
    *lists.urls(GROUPS),
    path("site-groups/new", groups.new_group, name="sites-groups-new"),
    path("site-groups/<slug:group_id>", groups.group, name="sites-groups-one"),
    path("sites/<slug:site_id>/preview", sites.preview, name="sites-preview"),
    path("sites/<slug:site_id>/end-previews", sites.end_previews, name="sites-end-previews"),
    path("sites/<slug:site_id>", sites.site, name="sites-one"),
    path("sites/<slug:site_id>/editions", locales.editions, name="sites-editions"),
    path("sites/<slug:site_id>/languages/new", locales.new_language, name="sites-languages-new"),
    path("sites/<slug:site_id>/languages/<slug:language>", locales.site_language, name="sites-languages-one"),
    path("sites/<slug:site_id>/languages/<slug:language>/drop", locales.drop_language, name="sites-languages-drop"),
    path("sites/<slug:site_id>/regions/new", locales.new_site_region, name="sites-regions-new"),
    path("sites/<slug:site_id>/regions/<slug:region_id>", locales.site_region, name="sites-regions-one"),
    path("sites/<slug:site_id>/regions/<slug:region_id>/drop", locales.drop_site_region, name="sites-regions-drop"),
    path("words", words.words, name="words"),
    path("words/save", words.save, name="words-save"),
    path("words/export", words.export, name="words-export"),
    path("words/import", words.take_in, name="words-import"),
    *lists.urls(REGIONS),
    path("regions/new", locales.new_region, name="regions-new"),
    path("regions/<slug:region_id>", locales.region, name="regions-one"),
    path("regions/<slug:region_id>/delete", locales.delete_region, name="regions-delete"),
]
