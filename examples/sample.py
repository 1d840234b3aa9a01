"""Makes a two-page fax to try things with: a letter and a drawing.

python examples/sample.py sample.tif              makes the TIFF
python examples/sample.py --png fax.tif page.png  shows page 1 of any fax as a PNG, on square pixels
"""

import math
import sys

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, DPI = 1728, 2248, (204, 196)  # A4 as a fax machine sees it, in fine resolution

LETTER = """Dear reader,

this page was drawn by a script, coded as a fax, sent through a
telephone call and decoded again by the machine at the other end.
Nothing of that needed a telephone: modem, exchange, line and far
machine are simulated, octet by octet and microsecond by micro-
second. The engine that made the call is the one that is made
for real modems.

What came out at the far end is what went in, bit for bit. Noise,
lost frames, a far end that is busy, out of paper or no fax at
all: each of them has a number that you may call.

    5550100     a machine that takes everything
    5550101     busy
    5550103     a person, who says hello and hears a whistle
    5550106     a machine that likes no page

Page two is a drawing, because drawings are what fax is good at.

Yours faithfully,"""


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def signature(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """A flourish: three loops and a long stroke."""
    points = [
        (
            x + 7 * t + 60 * math.sin(t / 4) * math.exp(-t / 70),
            y - 55 * math.sin(t / 2.5) * math.exp(-t / 30),
        )
        for t in range(75)
    ]
    draw.line(points, fill=0, width=6, joint="curve")


def letter() -> Image.Image:
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(page)
    draw.text((140, 130), "faxline", font=font(120), fill=0)
    draw.text((146, 270), "fax on your own telephone hardware, from Python", font=font(38), fill=0)
    draw.line((140, 340, WIDTH - 140, 340), fill=0, width=5)
    draw.line((140, 350, WIDTH - 140, 350), fill=0, width=2)
    draw.multiline_text((146, 460), LETTER, font=font(45), fill=0, spacing=22)
    signature(draw, 210, 1975)
    draw.text((146, 2080), "a small script", font=font(38), fill=0)
    draw.text((WIDTH - 330, 2150), "page 1 of 2", font=font(34), fill=0)
    return page


def rosette(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, petals: int, width: int) -> None:
    points = []
    for step in range(1441):
        angle = math.radians(step / 4 * 5)
        reach = radius * (0.62 + 0.38 * math.cos(petals / 5 * angle))
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    draw.line(points, fill=0, width=width, joint="curve")


def drawing() -> Image.Image:
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, 100, WIDTH - 100, HEIGHT - 100), outline=0, width=6)
    for petals, radius in ((17, 640), (23, 430), (12, 230)):
        rosette(draw, WIDTH / 2, 860, radius, petals, 3)
    for mark in range(72):  # a dial round it
        angle = math.radians(mark * 5)
        inner = 690 if mark % 6 else 668
        draw.line(
            [(WIDTH / 2 + r * math.cos(angle), 860 + r * math.sin(angle)) for r in (inner, 715)],
            fill=0,
            width=4,
        )
    for step in range(12):  # hatching of growing density: what a fax makes of grey
        left = 180 + step * 114
        for line in range(left, left + 104, 2 + 2 * (12 - step)):
            draw.line((line, 1720, line, 1860), fill=0, width=2)
        draw.rectangle((left, 1720, left + 104, 1860), outline=0, width=3)
    draw.text((180, 1920), "Rosettes of 17, 23 and 12 petals, and twelve greys", font=font(42), fill=0)
    draw.text((WIDTH - 400, 2050), "page 2 of 2", font=font(34), fill=0)
    return page


def make(path: str) -> None:
    pages = [page.point(lambda grey: 255 * (grey > 140)).convert("1") for page in (letter(), drawing())]
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="group4", dpi=DPI)


def show(fax: str, png: str) -> None:
    with Image.open(fax) as page:
        x_dpi, y_dpi = (float(dpi) for dpi in page.info.get("dpi", DPI))
        size = (page.width // 2, round(page.height / 2 * x_dpi / y_dpi))
        page.convert("L").resize(size, Image.Resampling.BOX).save(png, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        make(sys.argv[1])
    elif len(sys.argv) == 4 and sys.argv[1] == "--png":
        show(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
