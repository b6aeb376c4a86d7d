"""What a shop is: its addresses, its looks, and how its documents become pages. It asks no database."""
