"""The configuration of Caddy in front of an edge: pages and pictures from the disk, the rest from the edge.

Caddy gets certificates for https origins by itself unless a folder of them is given.
"""

from __future__ import annotations

from infra.deploy.fronts import DRAWING, FOR_EVER, Front, Shop


def write(front: Front) -> str:
    """A whole Caddyfile, but for global options, with a line at its end."""
    head = "# Made by `rialto pages caddy`; make it anew when shops, host names or sister shops change.\n"
    return "\n".join([head, *(_shop(front, shop) for shop in front.shops)])


def _address(front: Front, shop: Shop, host: str) -> str:
    if shop.is_secure:
        return f"https://{host}" + ("" if front.tls_port == 443 else f":{front.tls_port}")
    return f"http://{host}" + ("" if front.port == 80 else f":{front.port}")


def _shop(front: Front, shop: Shop) -> str:
    blocks = [_pages(front, shop)]
    if shop.others:
        hosts = ", ".join(_address(front, shop, host) for host in shop.others)
        blocks.append(f"{hosts} {{\n{_tls(front, shop)}\tredir {shop.origin}{{uri}} 308\n}}\n")
    return "\n".join(blocks)


def _tls(front: Front, shop: Shop) -> str:
    if not shop.is_secure or front.certificates is None:
        return ""
    return f"\ttls {front.certificates}/{shop.host}.crt {front.certificates}/{shop.host}.key\n"


def _tags(shop: Shop) -> str:
    """By the address as it came: Caddy writes headers before it rewrites."""
    lines = [
        f"\t\t@tags{number} path {path}{'*' if path.endswith('/') and path != '/' else ''}\n"
        f'\t\theader @tags{number} Cache-Tag "{tags}"\n'
        for number, (path, tags) in enumerate(shop.tags.items())
    ]
    return "".join(lines)


def _pages(front: Front, shop: Shop) -> str:
    headers = "".join(f'\t\theader {name} "{value}"\n' for name, value in shop.headers)
    return f"""{_address(front, shop, shop.host)} {{
{_tls(front, shop)}\t@page {{
\t\tnot path /index /_m/* /_r/* */.*
\t\tnot header_regexp Cookie "(^|; *){front.preview_cookie}=[^;]"
\t\tmethod GET HEAD
\t\tfile {{
\t\t\troot "{front.pages}/{shop.host}"
\t\t\ttry_files {{path}}.html {{path}}index.html
\t\t}}
\t}}
\thandle @page {{
\t\troot * "{front.pages}/{shop.host}"
\t\trewrite * {{http.matchers.file.relative}}
{headers}{_tags(shop)}\t\tfile_server {{
\t\t\tprecompressed br gzip
\t\t}}
\t}}

\t@static {{
\t\tpath /static/*
\t\tmethod GET HEAD
\t\tfile {{
\t\t\troot "{front.files}"
\t\t}}
\t}}
\thandle @static {{
\t\troot * "{front.files}"
\t\t@drawing path *.svg
\t\theader Cache-Control "{FOR_EVER}"
\t\theader X-Content-Type-Options nosniff
\t\theader Access-Control-Allow-Origin *
\t\theader @drawing Content-Security-Policy "{DRAWING}"
\t\tfile_server {{
\t\t\tprecompressed br gzip
\t\t}}
\t}}

\t@picture path_regexp picture ^/_m/(([0-9a-f]{{2}})[0-9a-f]{{62}}\\.[a-z]+)$
\thandle @picture {{
\t\troot * "{front.media}"
\t\t@lies file /{{re.picture.2}}/{{re.picture.1}}
\t\thandle @lies {{
\t\t\trewrite * /{{re.picture.2}}/{{re.picture.1}}
\t\t\theader Cache-Control "{FOR_EVER}"
\t\t\theader X-Content-Type-Options nosniff
\t\t\theader Content-Security-Policy "{DRAWING}"
\t\t\tfile_server
\t\t}}
\t\thandle {{
\t\t\treverse_proxy {front.upstream}
\t\t}}
\t}}

\thandle {{
\t\treverse_proxy {front.upstream} {{
\t\t\tflush_interval -1
\t\t}}
\t}}
}}
"""
