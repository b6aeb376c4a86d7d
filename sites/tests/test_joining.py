"""Modules and styles as one file; the joined scripts also run, in `tests/browser`."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from sites import joining

NODE = shutil.which("node")


def test_what_is_imported_runs_first_and_once():
    modules = {
        "a.js": 'import * as b from "./b.js";\nimport "./c.js";\n',
        "b.js": 'import "./c.js";\nexport const x = 1;\n',
        "c.js": "",
    }

    assert joining.order_of(modules, ["a.js", "b.js"]) == ["c.js", "b.js", "a.js"]


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_the_joined_module_does_what_the_modules_do():
    modules = {
        "js/main.js": 'import * as store from "./store.js";\nimport "./side.js";\nstore.add(3);\n'
        'import { LIMIT, total as sum } from "./store.js";\n'
        "const count = 1;\nconsole.log(sum(), store.LIMIT === LIMIT && LIMIT, count);\n",
        "js/store.js": "let count = 1;\nexport const LIMIT = 9;\nexport function add(n) { count += n; }\n"
        "export const total = () => count;\nexport async function later() {}\n",
        "js/side.js": 'import * as store from "./store.js";\nstore.add(1);\n',
        "js/other.js": "const count = 7;\nconsole.log(count);\n",
    }

    joined = joining.join_modules(modules, ["js/main.js", "js/other.js"])

    said = subprocess.run([NODE, "--input-type=module", "-e", joined], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["5", "9", "1", "7"]


@pytest.mark.parametrize(
    "text",
    [
        'import x from "./b.js";',
        'import { x, default as y } from "./b.js"',
        'import b, { x } from "./b.js";',
        "export default 1;",
        "export let x = 1;",
        "export { x };",
        'const b = import("./b.js");',
        "console.log(import.meta.url);",
        "await fetch('/');",
        'import * as b from "./missing.js";',
        'import "./a.js";',
    ],
)
def test_a_module_that_is_not_understood_for_sure_is_not_joined(text):
    with pytest.raises(joining.CannotJoin):
        joining.join_modules({"a.js": f"{text}\n", "b.js": "export const x = 1;\n"}, ["a.js"])


def test_styles_that_lie_elsewhere_point_to_the_same_files():
    css = "a{mask:url(o.svg)}b{background:url('../x/p.png')}c{background:url(data:image/png;base64,AA)}d{mask:url(#e)}"

    placed = joining.place_styles(css, "themes/tea/theme.css", lambda name: f"/static/1/{name}")

    assert placed == (
        'a{mask:url("/static/1/themes/tea/o.svg")}b{background:url("/static/1/themes/x/p.png")}'
        "c{background:url(data:image/png;base64,AA)}d{mask:url(#e)}"
    )
