"""What is the same on every page of a shop is rendered once, and never shown when it is old."""

from __future__ import annotations

import pytest
from django.template import Context
from django.utils import translation
from msgspec.structs import replace

from infra.caching.figures import Counts
from infra.caching.node import node_cache, start_anew
from node.config import Cache, overridden
from sites import words
from sites.rendering import Shell, engine, render_page
from sites.templatetags import shop
from sites.tests.test_shelf import SITE
from sync.contracts.documents import CategoryDoc, SiteDoc, WordsDoc

GREEN = CategoryDoc(id="1", site="tea", slug="green", title="Green")
SHELL = Shell((GREEN,), (replace(SITE, id="ink", name="Ink", label="Ink"),))


def page(site: SiteDoc = SITE, shell: Shell = SHELL, name: str = "not_found", **values: object) -> str:
    return render_page(site, name, {"shell": shell, **values})


@pytest.fixture(autouse=True)
def counts(monkeypatch):
    monkeypatch.setattr(shop.SHELL, "counts", Counts())


@pytest.fixture
def never_kept(monkeypatch):
    """Every place is rendered with all that its page knows."""

    def fresh(self, context):
        return self._inner.render(context)

    return lambda: monkeypatch.setattr(shop._Shell, "render", fresh)


@pytest.mark.parametrize("language", ["ru", "en", "ar"])
@pytest.mark.parametrize("name", ["not_found", "about", "closed"])
def test_what_is_kept_is_what_the_page_would_say(never_kept, language, name):
    site = replace(SITE, language=language, base="/x" if language == "en" else "")
    kept = [page(site, name=name, path="/about"), page(site, name=name, path="/about")]

    never_kept()

    assert kept == [page(site, name=name, path="/about")] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "+7 495 000-00-00"},
        {"name": "Another"},
        {"base": "/en"},
        {"tagline": "Another line"},
        {"language": "ru"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_the_shop_is_on_the_next_page(never_kept, change):
    page()
    changed = replace(SITE, **change)

    seen = page(changed)

    assert seen != page()
    never_kept()
    assert seen == page(changed)


def test_a_new_name_of_a_shelf_is_in_the_footer_of_the_next_page():
    page()

    seen = page(shell=replace_shell(replace(GREEN, title="Verdant")))

    assert seen.count("Verdant") == page().count("Green")
    assert ">Green<" not in seen


@pytest.fixture
def words_of_english():
    yield
    words.forget("en")


def test_new_words_are_on_the_next_page_and_leave_with_it(words_of_english):
    before = page()
    assert "Privacy" in before

    words.use(WordsDoc(language="en", words={"Privacy": ["What we keep"]}))
    assert ("What we keep" in page(), "Privacy" in page()) == (True, False)

    words.use(WordsDoc(language="en"))
    assert page() == before


def replace_shell(*categories: CategoryDoc) -> Shell:
    return Shell(categories, SHELL.sisters)


def test_nothing_of_a_page_is_seen_inside():
    template = engine().from_string("{% shell %}{{ site.id }}{{ product }}{{ shell.sisters|length }}{% endshell %}")
    values = {"site": SITE, "shell": SHELL, "product": "of one page"}

    with translation.override("en"):
        assert [template.render(Context(values)), template.render(Context(values))] == ["tea0", "tea0"]


def test_forms_of_shops_do_not_gather_without_end():
    template = engine().from_string("{% shell %}{{ site.name }}{% endshell %}")

    with overridden(cache=Cache(backend="memory", entries=10)):
        for number in range(30):
            context = Context({"site": replace(SITE, name=f"shop {number}"), "shell": SHELL})
            assert template.render(context) == f"shop {number}"

        assert len(node_cache().near) == 10


def test_another_process_finds_what_one_has_made(tmp_path):
    with overridden(cache=Cache(backend="files", folder=tmp_path)):
        made, first = page(), _counted()
        start_anew()
        found, second = page(), _counted()

    assert made == found
    assert (first, second) == ((3, 0), (3, 3))  # three places of a page


def test_other_words_are_another_form_in_the_store_too(tmp_path):
    with overridden(cache=Cache(backend="files", folder=tmp_path)):
        before = page()
        start_anew()
        words.use(WordsDoc(language="en", words={"Search": ["Отыщем"]}))
        try:
            after = page()
        finally:
            words.forget("en")

    assert "Отыщем" in after
    assert "Отыщем" not in before


def _counted():
    return shop.SHELL.counts.made, shop.SHELL.counts.far
