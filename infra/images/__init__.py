"""Pictures made of pictures: resized, compressed, watermarked. Pillow, in a child that cannot take its parent down."""
