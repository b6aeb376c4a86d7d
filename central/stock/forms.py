"""Forms of stock: a warehouse, goods that come in or are carried, a correction, a supply that is to come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.stock import goods
from central.stock.models import Warehouse
from central.stock.receipts import MAX_UNITS
from central.ui.fields import ReasonField
from central.ui.forms import LongTextField, NumberField, RecordForm, Section, TickField
from central.ui.lists import BulkForm

#: lines of one delivery note: what a person scans in one go
MAX_LINES = 500


def _open_warehouses() -> list[tuple[str, str]]:
    return [(one.pk, one.title) for one in Warehouse.objects.filter(is_active=True)]


class WarehouseForm(RecordForm):
    """A warehouse; its code is chosen once."""

    sections = (
        Section(_("Warehouse"), ("code", "name"), ("is_pickup", "position")),
        Section(_("For people who come"), "address", ("phone", "hours")),
    )
    code = forms.SlugField(
        label=_("Code"), max_length=20, help_text=_("Small letters, digits and dashes. It stays for ever.")
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    is_pickup = TickField(label=_("Shoppers may fetch orders here"))
    position = NumberField(
        label=_("Order of taking"), min_value=0, max_value=10_000, help_text=_("The lowest is emptied first.")
    )
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    hours = forms.CharField(label=_("Hours"), max_length=200, required=False)

    def __init__(self, request: HttpRequest, row: Warehouse | None = None) -> None:
        names = ("code", "name", "is_pickup", "position", "address", "phone", "hours")
        initial = {name: getattr(row, name) for name in names} | {"name": row.title} if row else {"position": 10}
        super().__init__(request, initial=initial, ver=row.ver if row else 0)
        if row is not None:
            self.fields["code"].disabled = True


class _LinesForm(RecordForm):
    """Goods by sku or barcode, one line each: "TEA-1 5", "4006381333931" for one unit."""

    lines = LongTextField(
        label=_("Goods"),
        rows=8,
        help_text=_(
            "A line for each: SKU or barcode, then how many (without a number: 1). The same code again adds up, so a "
            "scanner may beep as often as it likes."
        ),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(request, initial={"lines": _prefilled(request), **kwargs.pop("initial", {})}, **kwargs)

    def clean_lines(self) -> dict[UUID, int]:
        """Variant -> units. Every line that cannot be read is named, and nothing is done."""
        wanted = [line.strip() for line in self.cleaned_data["lines"].splitlines() if line.strip()]
        if len(wanted) > MAX_LINES:
            raise ValidationError(_now("%(n)s lines at most.") % {"n": MAX_LINES})
        read = [_line(line) for line in wanted]
        known = goods.goods.by_code(self.request.user, {code for code, _units in read})
        found: dict[UUID, int] = {}
        wrong = []
        for line, (code, units) in zip(wanted, read, strict=True):
            variant = known.get(code)
            if variant is None or not 1 <= units <= MAX_UNITS:
                wrong.append(line)
            else:
                found[variant] = found.get(variant, 0) + units
        if wrong:
            raise ValidationError(
                _now("Nothing is done. These lines cannot be read: %(lines)s") % {"lines": "; ".join(wrong)}
            )
        return found


def _line(line: str) -> tuple[str, int]:
    """(code, units); 0 units where the number is none."""
    code, _space, count = line.replace("\t", " ").rpartition(" ")
    if not code:
        return line, 1
    if count.isascii() and count.isdecimal() and len(count) <= 9:
        return code.strip(), int(count)
    return line, 1


def _prefilled(request: HttpRequest) -> str:
    code = request.GET.get("code", "")[:200]
    return f"{code} 1" if code else ""


class ReceiveForm(_LinesForm):
    verb = _("Receive")
    sections = (Section("", ("warehouse", "ref"), "lines", "note"),)
    warehouse = forms.ChoiceField(label=_("Into the warehouse"))
    ref = forms.CharField(label=_("Number of the delivery note"), max_length=64, required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.fields["warehouse"].choices = _open_warehouses()  # type: ignore[attr-defined]


class TransferForm(_LinesForm):
    verb = _("Move")
    sections = (Section("", ("source", "target"), "lines", "note"),)
    source = forms.ChoiceField(label=_("From the warehouse"))
    target = forms.ChoiceField(label=_("Into the warehouse"))

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.fields["source"].choices = [(one.pk, one.title) for one in Warehouse.objects.all()]  # type: ignore[attr-defined]
        self.fields["target"].choices = _open_warehouses()  # type: ignore[attr-defined]


class ChangeForm(RecordForm):
    """Raise or lower what is free of one unit, with a reason."""

    sections = (Section("", ("warehouse", "way", "units"), "note"),)
    warehouse = forms.ChoiceField(label=_("Warehouse"))
    way = forms.ChoiceField(label=_("What to do"), choices=[("up", _("raise by")), ("down", _("lower by"))])
    units = NumberField(label=_("Units"), min_value=1, max_value=MAX_UNITS)
    note = forms.CharField(label=_("Reason"), max_length=500, help_text=_("It stands in the ledger for ever."))

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.fields["warehouse"].choices = [(one.pk, one.title) for one in Warehouse.objects.all()]  # type: ignore[attr-defined]

    @property
    def change(self) -> int:
        units: int = self.cleaned_data["units"]
        return units if self.cleaned_data["way"] == "up" else -units


class RulesForm(RecordForm):
    """Which desks may sell more than is free, and which hide what is sold out; of the sites the person may see."""

    below = forms.MultipleChoiceField(
        label=_("May sell below what is free"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_(
            "Orders taken at the desk or by the API are accepted though goods lack. What lacks is a shortage: it shows "
            "at the order and the product, and the next goods go to it before any shop can sell them. Shops "
            "themselves never sell what is not there."
        ),
    )
    hiding = forms.MultipleChoiceField(
        label=_("Hide sold-out goods from operators"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("Who may not change stock does not find them in products, the palette and the API."),
    )

    def __init__(self, request: HttpRequest, sites: list[tuple[str, str]], initial: dict[str, list[str]]) -> None:
        # The rules have no version of their own: what the page showed is compared with what they are.
        super().__init__(request, initial=initial, ver=1)
        for name in ("below", "hiding"):
            self.fields[name].choices = sites  # type: ignore[attr-defined]


class SupplyForm(RecordForm):
    sections = (Section("", ("warehouse", "units", "due_on"), "note"),)
    warehouse = forms.ChoiceField(label=_("Warehouse"))
    units = NumberField(label=_("Units"), min_value=1, max_value=MAX_UNITS)
    due_on = forms.DateField(
        label=_("Expected on"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.fields["warehouse"].choices = _open_warehouses()  # type: ignore[attr-defined]


class ArrivedForm(RecordForm):
    """A supply is there, maybe with other units than were expected."""

    verb = _("Receive")
    units = NumberField(label=_("Units that came"), min_value=1, max_value=MAX_UNITS)

    def __init__(self, request: HttpRequest, units: int) -> None:
        super().__init__(request, initial={"units": units})


class WriteOffForm(RecordForm):
    verb = _("Write off")
    is_dangerous = True
    sections = (Section("", "reason"),)
    reason = ReasonField()


class BulkWriteOffForm(BulkForm):
    reason = ReasonField()
