"""Why no picture could be made: what is wrong with the original, and what to do. None leaves anything half done.

UnfitPicture
├── FileTooLarge
├── NoPicture
├── TooManyPixels
├── BrokenPicture
├── OutOfMemory      it needed more memory than one picture may
├── TookTooLong      it needed more time than one picture may
└── MakerDied        the child ended without a word
"""

from __future__ import annotations

from node.errors import RialtoError


class UnfitPicture(RialtoError):
    code = "unfit_picture"
    status = 422
    #: trying again changes nothing: the same bytes give the same answer
    is_final = True


class FileTooLarge(UnfitPicture):
    code = "picture_file_too_large"


class NoPicture(UnfitPicture):
    code = "no_picture"


class TooManyPixels(UnfitPicture):
    code = "too_many_pixels"


class BrokenPicture(UnfitPicture):
    code = "broken_picture"


class OutOfMemory(UnfitPicture):
    code = "picture_out_of_memory"


class TookTooLong(UnfitPicture):
    code = "picture_took_too_long"


class MakerDied(UnfitPicture):
    code = "picture_maker_died"
    is_final = False


BY_CODE = {
    one.code: one
    for one in (FileTooLarge, NoPicture, TooManyPixels, BrokenPicture, OutOfMemory, TookTooLong, MakerDied)
}
