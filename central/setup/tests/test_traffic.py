from __future__ import annotations

from central.setup.traffic import Page

HTML = """
<a href="/p/sencha">Sencha</a> <a>nowhere</a>
<template><form method="post" action="/_r/cart/form"><input name="action" value="set"></form></template>
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/checkout?from=cart">
  <input type="hidden" name="quote" value="abc"><input name="name"><textarea name="comment"></textarea>
  <input type="radio" name="delivery" value="pickup"><input type="radio" name="delivery" value="courier" checked>
  <input type="radio" name="payment" value="cash"><input type="radio" name="payment" value="card">
  <input type="checkbox" name="consent" value="yes"><input type="checkbox" name="news" value="yes" checked>
  <select name="day"><option value="mon">Mon</option><option value="tue" selected>Tue</option></select>
  <button name="go" value="1">Go</button>
</form>
"""


def test_a_page_s_links_and_forms_are_what_a_browser_would_send():
    page = Page(HTML)

    assert page.links == ["/p/sencha"]
    assert len(page.forms) == 1  # neither what scripts copy nor a search
    assert page.form("/checkout").fields == {
        "quote": "abc",
        "name": "",
        "comment": "",
        "delivery": "courier",
        "payment": "cash",
        "news": "yes",
        "day": "tue",
        "go": "1",
    }


def test_a_form_that_is_not_there_is_none():
    assert Page(HTML).form("/pay") is None
