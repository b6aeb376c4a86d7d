"""What Django's user does not say of a member of staff: the sites he may see, his language and theme."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Profile(models.Model):
    """One row per member of staff; a user without one sees no site."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    sees_all_sites = models.BooleanField(default=False)
    language = models.CharField(max_length=8, blank=True)
    theme = models.CharField(max_length=5, choices=Theme.choices, blank=True)
    #: of everything an administrator says about the person: rises with each change
    ver = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.user)


class SiteRight(models.Model):
    """A member of staff may see one site. The site is its id: sites belong to another app of this floor."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="site_rights")
    site = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "site"], name="site_right_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.site}"


class GroupRight(models.Model):
    """A member of staff may see the sites of a group, whichever these are; the group is its id, as above."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="group_rights")
    group = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="group_right_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.group}"


class Right(models.Model):
    """No table: the list of what a role may allow, so that Django makes a permission of each."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("see_orders", "See orders"),
            ("work_orders", "Move orders and comment on them"),
            ("decide_duplicates", "Decide what becomes of suspected duplicates of orders"),
            ("make_orders", "Place orders for shoppers, at the catalogue's prices"),
            ("price_orders", "Place orders at prices of one's own"),
            ("see_customers", "See names, phones and addresses of customers"),
            ("edit_customers", "Change customers' records"),
            ("merge_customers", "Say which records are one person, and take it back"),
            ("erase_customers", "Erase customers for ever"),
            ("see_products", "See products"),
            ("edit_products", "Change products: texts, prices, pictures"),
            ("see_stock", "See warehouses, the stock ledger and the audit of the books"),
            ("edit_stock", "Change stock"),
            ("write_off_stock", "Write off what a lost edge held"),
            ("manage_warehouses", "Add, change and switch off warehouses"),
            ("take_over_fields", "Take fields of products over from the source that feeds them"),
            ("see_sites", "See sites"),
            ("manage_sites", "Register and change sites"),
            ("see_nodes", "See nodes"),
            ("manage_nodes", "Invite and revoke nodes"),
            ("see_realms", "See realms"),
            ("manage_realms", "Test and change where realms live"),
            ("see_health", "See the health of the cluster, also as metrics"),
            ("move_realms", "Move realms to other databases"),
            ("rotate_keys", "See encryption keys, change and retire them"),
            ("see_cdn", "See what the CDN is asked for, and its limits"),
            ("manage_cdn", "Change CDN accounts and zones, purge by hand"),
            ("see_pages", "See pages of shops, broken links and how fast they are"),
            ("manage_pages", "Have pages made anew, leave them out, ignore broken links"),
            ("mend_jobs", "See failed jobs, try them again or give them up"),
            ("see_carts", "See what is in shoppers' carts"),
            ("import_goods", "Import goods"),
            ("manage_seo", "Change what search engines read: patterns, redirects, feeds"),
            ("manage_pictures", "See and change how pictures are made for shops"),
            ("see_staff", "See staff and roles"),
            ("manage_staff", "Add staff, give roles, sites and rights"),
            ("manage_keys", "Make and revoke keys of the API"),
            ("export_data", "Download lists as files"),
        ]
