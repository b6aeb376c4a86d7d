"""The configuration of nginx in front of an edge: pages and pictures from the disk, the rest from the edge.

It stands inside `http {}` (a file of `conf.d`). nginx makes the ETag of a file's time and size, which is why a page's
time grows with each change.
"""

from __future__ import annotations

import re

from infra.deploy.fronts import DRAWING, FOR_EVER, Front, Shop


def write(front: Front) -> str:
    """The whole file, with a line at its end."""
    parts = [_common(front), *(_shop(front, shop) for shop in front.shops)]
    return "\n".join(parts)


def _common(front: Front) -> str:
    return f"""# Made by `rialto pages nginx`; make it anew when shops, host names or sister shops change.

upstream rialto_edge {{
    server {front.upstream};
    keepalive 32;
}}
# Staff see pages as they are this moment: with their cookie the folder of pages is one that does not exist.
map $cookie_{front.preview_cookie} $rialto_pages {{
    "" "{front.pages}";
    default "{front.pages}/.none";
}}
map $http_upgrade $rialto_connection {{
    "" "";
    default upgrade;
}}
map $uri $rialto_drawing {{
    ~\\.svg$ "{DRAWING}";
    default "";
}}
{"".join(_tags(shop) for shop in front.shops)}"""


def _tags(shop: Shop) -> str:
    """By the name of the file: that is what `$uri` is when its headers are written."""
    rows = "".join(f'    "~^{_file(path)}" "{tags}";\n' for path, tags in shop.tags.items())
    return f'map $uri ${_tags_of(shop)} {{\n{rows}    default "";\n}}\n'


def _file(path: str) -> str:
    """What the name of such a file begins with, or is, as a regular expression."""
    begin = re.escape("/index" if path == "/" else path)
    return begin if path.endswith("/") and path != "/" else f"{begin}\\.html$"


def _tags_of(shop: Shop) -> str:
    return f"rialto_tags_{re.sub('[^a-z0-9]', '_', shop.host)}"


def _shop(front: Front, shop: Shop) -> str:
    servers = [_pages(front, shop)]
    if shop.others:
        servers.append(_elsewhere(front, shop, list(shop.others), _listen(front, shop)))
    if shop.is_secure:
        servers.append(_elsewhere(front, shop, [shop.host, *shop.others], f"    listen {front.port};\n"))
    return "\n".join(servers)


def _listen(front: Front, shop: Shop) -> str:
    if not shop.is_secure or front.certificates is None:
        return f"    listen {front.port};\n"
    return (
        f"    listen {front.tls_port} ssl http2;\n"
        f"    ssl_certificate {front.certificates}/{shop.host}.crt;\n"
        f"    ssl_certificate_key {front.certificates}/{shop.host}.key;\n"
    )


def _elsewhere(front: Front, shop: Shop, hosts: list[str], listen: str) -> str:
    return f"""server {{
{listen}    server_name {" ".join(hosts)};
    return 308 {shop.origin}$request_uri;
}}
"""


def _pages(front: Front, shop: Shop) -> str:
    headers = "".join(f'        add_header {name} "{value}" always;\n' for name, value in shop.headers)
    headers += f"        add_header Cache-Tag ${_tags_of(shop)};\n"
    packed = "" if shop.packs else "    gzip off;\n"
    brotli = "    brotli_static on;\n" if front.has_brotli else ""
    return f"""server {{
{_listen(front, shop)}    server_name {shop.host};
    root "$rialto_pages/{shop.host}";
    charset utf-8;
    gzip_static on;
    gzip_vary on;
{brotli}{packed}    client_max_body_size 64k;

    location = / {{
        try_files /index.html @edge;
{headers}    }}
    location / {{
        try_files $uri.html @edge;
{headers}    }}
    location ~ /\\. {{
        try_files /.none @edge;
    }}
    # "/index" is no address of the shop: the edge says so.
    location = /index {{
        try_files /.none @edge;
    }}
    location ~ "^/_m/(?<folder>[0-9a-f]{{2}})(?<name>[0-9a-f]{{62}}\\.[a-z]+)$" {{
        root "{front.media}";
        try_files /$folder/$folder$name @edge;
        types {{
            image/svg+xml svg;
            image/webp webp;
            image/avif avif;
            image/jpeg jpg jpeg;
            image/png png;
            image/gif gif;
        }}
        add_header Cache-Control "{FOR_EVER}";
        add_header X-Content-Type-Options nosniff;
        add_header Content-Security-Policy "{DRAWING}";
    }}
    location ^~ /static/ {{
        root "{front.files}";
        try_files $uri @edge;
        add_header Cache-Control "{FOR_EVER}";
        add_header X-Content-Type-Options nosniff;
        add_header Access-Control-Allow-Origin *;
        add_header Content-Security-Policy $rialto_drawing;
    }}
    location /_r/ {{
        proxy_buffering off;
        proxy_read_timeout 1h;
        try_files /.none @edge;
    }}
    location @edge {{
        proxy_pass http://rialto_edge;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 1h;
        proxy_set_header Host $http_host;
        proxy_set_header Connection $rialto_connection;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""
