# ruff: noqa: E501 - one good, one line
"""Inkwell: paper, pens and what belongs on a desk. Makers and goods are made up."""

from __future__ import annotations

from central.setup.goods.item import BOTTLES, NIBS, PAPER, RULED, Item, Shelf

_INKWELL, _LARK, _OSIER = "Inkwell", "Larkfield Paper", "Osier & Finch"

INK: list[Shelf] = [
    Shelf(
        "notebooks", "Notebooks", "Sewn bindings that lie flat, and paper that takes ink.", "notebook", "navy",
        "Thread-sewn, so it opens flat at any page. 90 gsm paper: fountain pens do not feather and show through only in strong light.",
        (("Paper", "90 gsm, ivory"), ("Binding", "thread-sewn")),
        [
            Item("Harbour notebook", "notebook", "navy", 12.5, "Cloth cover, ribbon, and an elastic band that can be replaced.", (("Pages", "192"),), RULED, brand=_LARK),
            Item("Orchard notebook", "notebook", "moss", 12.5, "A printed cover of leaves, and numbered pages with an index at the front.", (("Pages", "192"),), RULED, brand=_LARK),
            Item("Ember notebook", "notebook", "coral", 12.5, "The same book for those who lose dark things in dark bags.", (("Pages", "192"),), RULED, 14.5, brand=_LARK),
            Item("Midnight journal", "notebook", "violet", 16, "Heavier paper and a pocket at the back; made for one entry a day.", (("Pages", "256"), ("Paper weight", "100 gsm")), RULED, brand=_INKWELL),
            Item("Dune pocket book", "notebook", "paper", 7.9, "Three soft covers in one wrapper. Fits a shirt pocket, survives rain.", (("Pages", "3 × 64"),), brand=_LARK),
            Item("Fern field book", "sketchbook", "moss", 9.9, "Spiral-bound with a stiff back, to write on standing up.", (("Pages", "120"),), PAPER, brand=_LARK),
            Item("Studio sketchbook", "sketchbook", "coral", 14.9, "160 gsm, takes pencil, pen and a light wash.", (("Pages", "80"), ("Paper weight", "160 gsm")), PAPER, brand=_OSIER),
            Item("Slate sketchbook", "sketchbook", "graphite", 15.9, "Toned grey paper: start in the middle and work both ways.", (("Pages", "72"), ("Paper weight", "120 gsm")), PAPER, brand=_OSIER),
            Item("Year planner, undated", "notebook", "teal", 18.5, "A week on two pages and a column for what did not get done.", (("Pages", "176"),), stock=3, brand=_INKWELL),
            Item("Stack of five", "stack", "graphite", 39, "Five notebooks in five colours, for people who start things.", (("Inside", "5 × A5"),), was=46, brand=_LARK),
            Item("Stack of three, pastel", "stack", "sky", 24, "Dotted, lined, plain: decide later.", (("Inside", "3 × A5"),), brand=_LARK),
        ],
    ),
    Shelf(
        "pens", "Pens", "To write a page without noticing the pen.", "fountain", "berry",
        "Every fountain pen is inked, written with and cleaned before it leaves. Standard international cartridges and converter.",
        (("Guarantee", "5 years"),),
        [
            Item("Meridian fountain pen", "fountain", "navy", 48, "Lacquered brass with a steel nib that needs no pressure at all.", (("Weight", "28 g"),), NIBS, brand=_INKWELL),
            Item("Saffron fountain pen", "fountain", "lemon", 32, "Light resin body; a first fountain pen that is still a good third one.", (("Weight", "17 g"),), NIBS, 36, brand=_INKWELL),
            Item("Damson fountain pen", "fountain", "berry", 54, "Deep plum lacquer and a gold-plated nib.", (("Weight", "30 g"),), NIBS, stock=1, brand=_INKWELL),
            Item("Tideline fountain pen", "fountain", "teal", 41, "Swirled acrylic, no two alike.", (("Weight", "22 g"),), NIBS, brand=_OSIER),
            Item("Graphite fountain pen", "fountain", "graphite", 45, "Matt black that does not take fingerprints.", (("Weight", "26 g"),), NIBS, brand=_INKWELL),
            Item("Clickers, set of three", "ballpoint", "teal", 14, "Brass inside, so they feel like tools. Refillable.", (("Line", "0.7 mm"),), brand=_INKWELL),
            Item("Clickers, dusk", "ballpoint", "violet", 14, "The same three in evening colours.", (("Line", "0.7 mm"),), brand=_INKWELL),
            Item("Gel pens, set of three", "ballpoint", "coral", 9.5, "Dry in a second: left-handers, this is yours.", (("Line", "0.5 mm"),), was=11, brand=_OSIER),
            Item("Fineliners, set of three", "ballpoint", "graphite", 11, "Archival black in three widths.", (("Line", "0.1, 0.3, 0.5 mm"),), brand=_OSIER),
        ],
    ),
    Shelf(
        "inks", "Inks", "Colours that look the same tomorrow.", "bottle", "violet",
        "Dye inks, safe in every fountain pen, washed out with cold water. The bottle is shaped so that the last drops reach the nib.",
        (("For", "fountain pens"), ("pH", "neutral")),
        [
            Item("North Sea", "bottle", "navy", 8.9, "A blue-black that shades from slate to steel.", (), BOTTLES, brand=_INKWELL),
            Item("Kingfisher", "bottle", "teal", 8.9, "Turquoise with a red sheen where it pools.", (), BOTTLES, brand=_INKWELL),
            Item("Elderberry", "bottle", "berry", 8.9, "A dark pink that reads as serious.", (), BOTTLES, brand=_INKWELL),
            Item("Twilight", "bottle", "violet", 8.9, "Purple for correcting other people's drafts kindly.", (), BOTTLES, 9.9, brand=_INKWELL),
            Item("Old Oak", "bottle", "moss", 8.9, "Green-brown, like the water under trees.", (), BOTTLES, brand=_INKWELL),
            Item("Brick Lane red", "bottle", "coral", 8.9, "A warm red that stays readable on ivory.", (), BOTTLES, brand=_INKWELL),
            Item("Lamp Black", "bottle", "graphite", 9.9, "Waterproof once dry. Clean the pen every month.", (("pH", "8"),), BOTTLES, brand=_INKWELL),
            Item("Clear Sky", "bottle", "sky", 8.9, "Light blue for drawing under darker lines.", (), BOTTLES, stock=0, brand=_INKWELL),
        ],
    ),
    Shelf(
        "drawing", "Drawing", "Pencils, paint and straight lines.", "pencils", "sky",
        "Wood from managed forests; leads are glued along their whole length, so a fall does not break them inside.",
        (),
        [
            Item("Colour pencils, twelve", "pencils", "coral", 16.5, "Soft, bright, and named after birds on the barrel.", (("Inside", "12 colours"),), brand=_OSIER),
            Item("Colour pencils, twenty-four", "pencils", "sky", 29, "The twelve, and the twelve between them.", (("Inside", "24 colours"),), was=34, brand=_OSIER),
            Item("Graphite set", "pencils", "graphite", 12, "Seven grades from 4H to 6B.", (("Inside", "7 pencils"),), brand=_OSIER),
            Item("Meadow pencils", "pencils", "moss", 9.5, "Plain HB in cheerful jackets, for schoolbags.", (("Inside", "7 pencils"),), brand=_LARK),
            Item("Watercolour box", "brush", "sky", 27, "Ten half pans and three brushes in a tin that fits a coat.", (("Inside", "10 pans, 3 brushes"),), brand=_OSIER),
            Item("Watercolour box, earth", "brush", "coral", 27, "Ochres, siennas, umbers, and one good blue.", (("Inside", "10 pans, 3 brushes"),), stock=2, brand=_OSIER),
            Item("Beech ruler and square", "ruler", "sky", 11.5, "Brass edge, markings burned in rather than printed.", (("Length", "30 cm"),), brand=_LARK),
            Item("Drafting set", "ruler", "graphite", 13.5, "A ruler and a set square that agree with each other.", (("Length", "30 cm"),), brand=_LARK),
        ],
    ),
    Shelf(
        "letters", "Cards and letters", "For words that should arrive on paper.", "envelope", "sky",
        "Printed on uncoated cotton board; envelopes are lined, so that nobody reads them against the light.",
        (("Paper", "cotton, 300 gsm"),),
        [
            Item("Letter set, harbour", "envelope", "navy", 13, "Twelve sheets, six lined envelopes.", (("Inside", "12 sheets, 6 envelopes"),), brand=_LARK),
            Item("Letter set, sky", "envelope", "sky", 13, "The same in a better mood.", (("Inside", "12 sheets, 6 envelopes"),), brand=_LARK),
            Item("Letter set, graphite", "envelope", "graphite", 13, "For letters that begin with \"Dear Sir or Madam\".", (("Inside", "12 sheets, 6 envelopes"),), brand=_LARK),
            Item("Greeting cards, fern", "card", "teal", 8.5, "Five cards, blank inside.", (("Inside", "5 cards"),), brand=_OSIER),
            Item("Greeting cards, aster", "card", "violet", 8.5, "Five cards, blank inside.", (("Inside", "5 cards"),), brand=_OSIER),
            Item("Greeting cards, ripple", "card", "coral", 8.5, "Five cards, blank inside.", (("Inside", "5 cards"),), was=9.9, brand=_OSIER),
            Item("Wax seal, leaf", "stamp", "berry", 19, "Brass stamp with a turned handle and one stick of wax.", (("Inside", "stamp, 1 wax stick"),), brand=_OSIER),
            Item("Wax seal, midnight", "stamp", "navy", 19, "The same stamp with a dark handle and gold wax.", (("Inside", "stamp, 1 wax stick"),), brand=_OSIER),
        ],
    ),
    Shelf(
        "desk", "On the desk", "Small things that hold the rest together.", "tape", "teal",
        "Made to be refilled and repaired: ask us for parts.",
        (),
        [
            Item("Paper tape, three rolls", "tape", "teal", 7.5, "Tears straight, peels off without a trace.", (("Length", "3 × 10 m"),), brand=_LARK),
            Item("Paper tape, berries", "tape", "berry", 7.5, "Three rolls in summer colours.", (("Length", "3 × 10 m"),), brand=_LARK),
            Item("Paper tape, lemon", "tape", "lemon", 7.5, "Three rolls for labelling jars and moods.", (("Length", "3 × 10 m"),), brand=_LARK),
            Item("Dish of clips", "clips", "coral", 6.9, "A hundred clips in a ceramic dish.", (("Inside", "100 clips"),), brand=_OSIER),
            Item("Dish of clips, brass", "clips", "lemon", 8.9, "Heavier wire that keeps its shape.", (("Inside", "80 clips"),), brand=_OSIER),
            Item("Gift box, first pen", "gift", "violet", 64, "Saffron pen, a bottle of North Sea and a Harbour notebook, wrapped.", (("Inside", "pen, ink, notebook"),), was=72, brand=_INKWELL),
        ],
    ),
]  # fmt: skip
