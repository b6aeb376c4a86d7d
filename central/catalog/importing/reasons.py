"""Why a row or a file was refused, in the language of the page.

A reason is written once, in English, into a report, a log and an answer to a machine. What people read is found back
here by its words; one that is not known is shown as it is.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from central.ui import explain

_REASONS: list[tuple[str, Promise | str]] = [
    (r"price: '(?P<value>.*)' is no amount", _("price: “%(value)s” is no amount")),
    (r"price: '(?P<value>.*)' is below zero", _("price: “%(value)s” is below zero")),
    (r"price: '(?P<value>.*)' is finer than (?P<currency>\w+) has coins", _("price: %(currency)s has no such coins")),
    (
        r"price:(?P<region>\S+): '(?P<value>.*)' is no amount",
        _("price in %(region)s: “%(value)s” is no amount; a dash takes it away"),
    ),
    (
        r"price:(?P<region>\S+): '(?P<value>.*)' is below zero",
        _("price in %(region)s: “%(value)s” is below zero; a dash takes it away"),
    ),
    (
        r"price:(?P<region>\S+): '(?P<value>.*)' is finer than (?P<currency>\w+) has coins",
        _("price in %(region)s: %(currency)s has no such coins"),
    ),
    (r"price:(?P<region>\S+): (?P<value>-?\d+) is not between .*", _("price in %(region)s: “%(value)s” cannot be")),
    (
        r"(?P<field>(?:title|options_title):\S+): is longer than (?P<most>\d+) signs",
        _("%(field)s is longer than %(most)s signs"),
    ),
    (
        r"line (?P<line>\d+), column (?P<column>\d+) \((?P<name>.*)\): no shop of this import is in the region "
        r"'(?P<region>.*)'; there are: (?P<known>.*)",
        _(
            "Line %(line)s, column %(column)s (%(name)s): no shop of this import is in the region %(region)s; "
            "there are: %(known)s."
        ),
    ),
    (
        r"line (?P<line>\d+), column (?P<column>\d+) \((?P<name>.*)\): no shop of this import speaks "
        r"'(?P<language>.*)'; there are: (?P<known>.*)",
        _(
            "Line %(line)s, column %(column)s (%(name)s): no shop of this import speaks %(language)s; "
            "there are: %(known)s."
        ),
    ),
    (
        r"shown_in: the shop is not in '(?P<region>.*)'",
        _("shown in regions: the shop is not in %(region)s"),
    ),
    (
        r"shown_in: '(?P<value>.*)' is no region: .*",
        _("shown in regions: “%(value)s” is no region; write ids of regions as in msk, spb or -msk"),
    ),
    (
        r"shown_in: '(?P<region>.*)' is said twice, and not the same",
        _("shown in regions: %(region)s is named twice, once with a minus"),
    ),
    (r"stock: '(?P<value>.*)' is no whole number of units", _("stock: “%(value)s” is no whole number of units")),
    (r"currency: '(?P<value>.*)' is no ISO 4217 code", _("currency: “%(value)s” is no code such as EUR")),
    (r"price: (?P<value>-?\d+) is not between .*", _("price: “%(value)s” cannot be")),
    (
        r"(title|text|\w+): is empty or longer than (?P<most>\d+) signs",
        _("a text is empty or longer than %(most)s signs"),
    ),
    (r"title: is longer than (?P<most>\d+) signs", _("the title is longer than %(most)s signs")),
    (r"barcode: (?P<barcode>.*) names another unit already", _("The barcode %(barcode)s names another unit already.")),
    (r"barcode: is no code of at most (?P<most>\d+) signs", _("a barcode has at most %(most)s printable signs")),
    (r"pictures: are more than (?P<most>\d+)", _("a product has at most %(most)s pictures")),
    (r"region: the shop is not in '(?P<region>.*)'", _("the shop is not in the region “%(region)s”")),
    (
        r"translations: '(?P<language>.*)' is no further language of the shop",
        _("“%(language)s” is no further language of the shop"),
    ),
    (
        r"translations: the product has no unit '(?P<sku>.*)' .*",
        _("the product has no unit %(sku)s with these options"),
    ),
    (r"old_price: is the shop's own, a region has none", _("a struck price is the shop's own, a region has none")),
    (r"price: is needed; .*", _("a price is needed; only one of a region can be taken away")),
    (r"field: no source feeds it", _("no source feeds this field")),
    (r"options: are longer than (?P<most>\d+) signs", _("the options are longer than %(most)s signs")),
    (r"options: '(?P<name>.*)' is given twice", _("the option “%(name)s” is given twice")),
    (r"options: '(?P<name>.*)' holds .*", _("the option “%(name)s” holds ; = or an unprintable sign")),
    (r"sku: holds an unprintable sign", _("the sku holds an unprintable sign")),
    (r"sites: a source needs at least one site", _("a source needs at least one site")),
    (r"title: there is already a source called '(?P<title>.*)'", _("there is a source called “%(title)s” already")),
    (r"sku: is empty", _("the sku is empty")),
    (r"sku: is longer than (?P<most>\d+) signs", _("the sku is longer than %(most)s signs")),
    (r"the same sku and options as line (?P<line>\d+)", _("the same sku and options as line %(line)s")),
    (r"its product above was refused", _("its product above was refused")),
    (r"has no title, and no product above it|has no title|title: is empty.*", _("it has no title")),
    (r"has no price", _("it has no price")),
    (r"belongs to another product", _("its sku belongs to another product")),
    (
        r"is not in the catalogue, and this source makes no new items",
        _("it is not in the catalogue, and this source makes no new items"),
    ),
    (r"waits for its offer", _("waits for its offer")),
    (r"waits for its price", _("waits for its price")),
    (
        r"offer: its product (?P<code>.*) was never sent by this source.*",
        _("its product %(code)s was never sent by this source; send import.xml first"),
    ),
    (
        r"its article '(?P<sku>.*)' is already that of another product.*",
        _("its article “%(sku)s” is already that of another product"),
    ),
    (
        r"(?P<fields>.*): left alone, “(?P<title>.*)” is their master; .*: left alone, people took them over",
        _("left alone: “%(title)s” is the master, and people took some over"),
    ),
    (r"(?P<fields>.*): left alone, people took them over", _("left alone: people took it over")),
    (r"(?P<fields>.*): left alone, “(?P<title>.*)” is their master", _("left alone: “%(title)s” is the master")),
    (
        r"(?P<file>.*) declares a DTD.*",
        _("%(file)s declares a DTD (<!DOCTYPE …>), which can read files and fill the memory: save it without that"),
    ),
    (r"(?P<file>.*): line (?P<line>\d+): it names an entity.*", _("%(file)s, line %(line)s: save it without entities")),
    (
        r"(?P<file>.*): line (?P<line>\d+): elements are nested more than 256 deep.*",
        _("%(file)s, line %(line)s: elements are nested more than 256 deep; this is no catalogue"),
    ),
    (
        r"(?P<file>.*): line (?P<line>\d+): the text is not in the encoding.*",
        _("%(file)s, line %(line)s: the text is not in the encoding that the file names in its first line"),
    ),
    (
        r"(?P<file>.*): line (?P<line>\d+): .*cut short on its way.*",
        _("%(file)s, line %(line)s: the file is broken or was cut short on its way; send it again"),
    ),
    (
        r"(?P<file>.*) (is no whole zip file|cannot be unpacked|is broken inside).*",
        _("%(file)s is a broken archive; send it again"),
    ),
    (
        r"(?P<file>.*) would unpack to more than (?P<most>[\d.]+) MB.*",
        _("%(file)s would unpack to more than %(most)s MB: nothing was unpacked; split it"),
    ),
    (
        r"(?P<file>.*) names a file outside of itself.*",
        _("%(file)s names a file outside of itself; nothing was unpacked"),
    ),
    (r"(?P<file>.*) has a password.*", _("%(file)s has a password; save it without one")),
    (r".*no column holds the sku.*", _("No column holds the sku: goods are known by it, so choose one.")),
    (
        r"the file is larger than (?P<most>\d+) MB.*",
        _("The file is larger than %(most)s MB: split it or pack it as a zip."),
    ),
    (r"the file is empty", _("The file is empty.")),
    (
        r"no price type is the retail price \((?P<names>.*)\).*",
        _("No price type is the retail price (%(names)s): say which before the first lines of a file."),
    ),
]


def in_words(reason: str) -> str:
    """The reason in the language of the page."""
    return explain.in_words(reason, _REASONS)
