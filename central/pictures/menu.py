"""What the desk shows of pictures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Entry, add_entry

add_entry(Entry(21, "pictures", _("Pictures"), "photo", "manage_pictures"))
add_sentences(
    {
        "bad_picture_profile": _("Something of this cannot be: see beside the fields."),
        "stale_picture_profile": _("Somebody changed this in the same moment. Look at it and try again."),
        "unknown_site_picture": _("There is no such picture among those you may see."),
        "unfit_picture": _("No picture can be made of this file. Upload it again from where it came."),
        "picture_file_too_large": _("The file has more than 20 MB. Save it smaller and upload it again."),
        "no_picture": _("This file is no picture. Upload the JPEG, PNG, WebP or GIF itself."),
        "too_many_pixels": _("It has more than 50 megapixels, or is an animation of too many. Save it smaller."),
        "broken_picture": _("The file is cut off or broken. Upload it again from where it came."),
        "picture_out_of_memory": _("It needs more memory than one picture may. Save it smaller and upload it again."),
        "picture_took_too_long": _("It takes too long to make. Save it smaller or simpler and upload it again."),
        "picture_maker_died": _("Its making ended without a word, three times. Tell who runs this node."),
        "picture_original_lost": _("The original is not in the media storage any more. Upload it again."),
    }
)
