"""`rialto demo --traffic`: pretend shoppers who look around, fill carts and sometimes buy, as a browser without
JavaScript would: pages, links, forms. Run as `python -m node.traffic BASE`; it speaks HTTP and knows nothing else.
"""

from __future__ import annotations

import http.client
import random
import re
import sys
import time
from html.parser import HTMLParser
from urllib.parse import urlencode

from node.demo import NODES, Ports

PAUSE_SECONDS = (0.5, 3.0)
VISITS_PER_ORDER = 4
_PRODUCT = re.compile(r'href="(/p/[^"#?]+)"')


class Forms(HTMLParser):
    """Every form of a page: its action and the fields a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._inside = self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._hidden = True
        elif tag == "form" and not self._hidden:
            self.found.append((given.get("action", ""), {}))
            self._inside = True
        elif tag in ("input", "textarea", "select") and self._inside and given.get("name"):
            fields = self.found[-1][1]
            is_choice = given.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in given or given["name"] not in fields:
                fields[given["name"]] = given.get("value", "on" if is_choice else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "template":
            self._hidden = False


class Shopper:
    """One browser in one shop: its cookie, its Host."""

    def __init__(self, port: int, site: str, number: int) -> None:
        self.port, self.site, self.number = port, site, number
        self.host = f"{site}.localhost:{port}"
        self.cookie = ""

    def get(self, path: str) -> str:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str]) -> str:
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        """The page at the end of the redirects."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Host": self.host, "Cookie": self.cookie, "Accept": "text/html"}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
            headers["Sec-Fetch-Site"] = "same-origin"
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            page = answer.read().decode("utf-8", "replace")
        finally:
            line.close()
        if (made := answer.headers.get("Set-Cookie")) is not None:
            self.cookie = made.partition(";")[0]
        if answer.status in (302, 303) and (to := answer.headers.get("Location")):
            return self.get(to)
        return page

    def visit(self) -> None:
        """Look at the shop and at one of its goods, and put it into the cart."""
        goods = _PRODUCT.findall(self.get("/"))
        if not goods:
            return
        forms = Forms(self.get(random.choice(goods))).found  # noqa: S311 - nobody's secret
        adding = [fields for action, fields in forms if action == "/_r/cart/form" and fields.get("action") == "add"]
        if adding:
            self.post("/_r/cart/form", {**random.choice(adding), "units": str(random.choice((1, 1, 1, 2)))})  # noqa: S311

    def buy(self) -> None:
        """Fill in the checkout with a person who is plainly made up."""
        forms = [fields for action, fields in Forms(self.get("/checkout")).found if "quote" in fields]
        if not forms:
            return
        is_english = self.site == "ink"
        phone = f"+1202555{100 + self.number % 100:04d}" if is_english else f"+7000000{self.number % 10000:04d}"
        name = f"Sample Shopper {self.number}" if is_english else f"Пример Покупателев {self.number}"
        person = {"name": name, "phone": phone, "email": f"shopper{self.number}@example.com", "consent": "on"}
        address = "1 Sample Street, Exampleton" if is_english else "Вымышленная улица, 1"
        self.post("/checkout", {**forms[0], **person, "address": address})


def main(base: int) -> None:
    """Shop until the demo stops."""
    ports, number = Ports(base), random.randrange(10_000)  # noqa: S311
    while True:
        node, site = random.choice(list(NODES.items()))  # noqa: S311
        number += 1
        shopper = Shopper(ports.edge(node), site, number)
        try:
            for _ in range(random.randint(1, 3)):  # noqa: S311
                shopper.visit()
                time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311
            if number % VISITS_PER_ORDER == 0:
                shopper.buy()
        except (OSError, http.client.HTTPException) as error:
            print(f"{site}: {error}", file=sys.stderr, flush=True)
            time.sleep(PAUSE_SECONDS[1])


if __name__ == "__main__":
    main(int(sys.argv[1]))
