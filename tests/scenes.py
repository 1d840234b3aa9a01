"""Pages with pictures on them, made by script: what continuous tone is, and what only looks like it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Box = tuple[int, int, int, int]
SIZE = (1654, 2339)  # A4 at 200 dpi


@dataclass(frozen=True)
class Scene:
    """A page at 200 dpi, and where on it there is continuous tone."""

    make: Callable[[], Image.Image]
    tones: tuple[Box, ...] = ()
    level_by_page: bool = False
    """The paper is not white: what is ink is told by the greys of the page, without the picture."""


def photograph(width: int, height: int, seed: int = 1) -> Image.Image:
    """Soft shapes of many sizes, light from above, grain."""
    draw_from = random.Random(seed)
    sky = Image.linear_gradient("L").resize((width, height)).point(lambda grey: 220 - grey // 2)
    image = Image.blend(sky, Image.new("L", (width, height), 120), 0.3)
    draw = ImageDraw.Draw(image)
    for number in range(60):
        size = width / (3 + number / 3)
        x, y = draw_from.uniform(0, width), draw_from.uniform(height * 0.3, height)
        box = (x - size / 2, y - size / 3, x + size / 2, y + size / 3)
        draw.ellipse(box, fill=draw_from.randint(20, 230))
    return grainy(image.filter(ImageFilter.GaussianBlur(width / 120)), 10)


def grainy(image: Image.Image, much: int) -> Image.Image:
    return ImageChops.add(image, Image.effect_noise(image.size, much), 1, -128)


def write(page: Image.Image, top: int, lines: int, *, ink: int = 0, size: int = 34, left: int = 120) -> None:
    draw = ImageDraw.Draw(page)
    for line in range(lines):
        words = "The quick brown fox jumps over the lazy dog, and again"
        draw.text((left, top + line * size * 14 // 10), words, fill=ink, font_size=size)


def paper(grey: int = 255) -> Image.Image:
    return Image.new("L", SIZE, grey)


def letter() -> Image.Image:
    page = paper()
    write(page, 120, 40)
    return page


def photograph_alone() -> Image.Image:
    return photograph(*SIZE)


def photograph_in_a_letter() -> Image.Image:
    page = paper()
    write(page, 120, 14)
    page.paste(photograph(900, 700, 2), (120, 900))
    write(page, 1700, 10)
    return page


def two_photographs() -> Image.Image:
    page = paper()
    page.paste(photograph(700, 500, 3), (100, 100))
    page.paste(photograph(700, 500, 4), (860, 1500))
    write(page, 800, 10, size=24)
    return page


def magazine() -> Image.Image:
    """Scanned: paper that is not white, ink that is not black, noise."""
    page = paper(228)
    write(page, 100, 12, ink=50)
    page.paste(photograph(1454, 800, 5).point(lambda grey: 30 + grey * 3 // 4), (100, 720))
    write(page, 1600, 14, ink=50)
    return grainy(page, 8)


def gradient() -> Image.Image:
    page = paper()
    page.paste(Image.linear_gradient("L").resize((1200, 700)), (200, 300))
    write(page, 1200, 15)
    return page


def logo() -> Image.Image:
    page = paper()
    draw = ImageDraw.Draw(page)
    draw.ellipse((300, 200, 900, 800), fill=90)
    draw.rectangle((700, 300, 1300, 700), fill=170)
    write(page, 900, 20)
    return page


def street_map() -> Image.Image:
    page = paper(235)
    draw, draw_from = ImageDraw.Draw(page), random.Random(7)

    def place() -> tuple[float, float]:
        return draw_from.uniform(0, SIZE[0]), draw_from.uniform(0, SIZE[1])

    for _ in range(25):
        draw.polygon([place() for _ in range(4)], fill=draw_from.choice([205, 220, 180, 245]))
    for _ in range(40):
        draw.line([place() for _ in range(3)], fill=draw_from.choice([0, 80, 255]), width=4)
    for _ in range(40):
        draw.text(place(), draw_from.choice(["Highgate", "Mill Lane", "B 42"]), fill=0, font_size=24)
    return page


def shading() -> Image.Image:
    page = paper()
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, 300, 1500, 900), fill=205)
    write(page, 350, 10, left=150)
    draw.rectangle((100, 1000, 1500, 1100), fill=110)
    write(page, 1020, 1, ink=255, left=150)
    write(page, 1200, 10, ink=150, size=60)
    return page


def grey_scan() -> Image.Image:
    soft = letter().filter(ImageFilter.GaussianBlur(0.8))
    return grainy(soft.point(lambda grey: 60 + grey * 6 // 10), 14)


def pencil() -> Image.Image:
    page = paper(245)
    write(page, 120, 30, ink=170, size=40)
    return grainy(page, 6)


def photographed_letter() -> Image.Image:
    light = Image.radial_gradient("L").resize(SIZE).point(lambda grey: 255 - grey * 55 // 100)
    return grainy(ImageChops.multiply(letter(), light), 6)


SCENES = {
    "photograph": Scene(photograph_alone, ((0, 0, *SIZE),)),
    "photograph in a letter": Scene(photograph_in_a_letter, ((120, 900, 1020, 1600),)),
    "two photographs": Scene(two_photographs, ((100, 100, 800, 600), (860, 1500, 1560, 2000))),
    "magazine": Scene(magazine, ((100, 720, 1554, 1520),), level_by_page=True),
    "gradient": Scene(gradient, ((200, 300, 1400, 1000),)),
    "logo": Scene(logo),
    "street map": Scene(street_map),
    "letter": Scene(letter),
    "shading": Scene(shading),
    "grey scan": Scene(grey_scan),
    "pencil": Scene(pencil),
    "photographed letter": Scene(photographed_letter),
}
