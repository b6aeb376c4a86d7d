"""Which edition of a shop suits a first visitor: by the languages of his browser and the place of his address.

It is only ever offered, or led to from a page that is the same for everybody; what a visitor chose himself wins.
"""
