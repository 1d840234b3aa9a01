"""What becomes of a page that is no fax page yet: size, resolution, and grey to one bit."""

import struct
from collections.abc import Callable
from pathlib import Path

import pages
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from faxline import CallChannel, FaxToSend


def only(path: Path, **keywords: bool | None) -> Image.Image:
    (page,) = pages.converted(path, **keywords)
    return page


# ---- other pages are brought to one ----


def ring_box(page: Image.Image) -> tuple[float, float]:
    """Width and height of what is black, in inches."""
    box = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert box is not None
    x_dpi, y_dpi = page.info["dpi"]
    return (box[2] - box[0]) / x_dpi, (box[3] - box[1]) / y_dpi


@pytest.mark.parametrize("dpi", [(204, 98), (100, 100), (300, 300), (200, 400), (600, 300), (150, 75)])
@pytest.mark.parametrize("high_res", [None, True, False])
def test_a_square_stays_square(tmp_path: Path, dpi: tuple[int, int], high_res: bool | None) -> None:
    image = Image.new("L", (6 * dpi[0], 8 * dpi[1]), 255)
    image.paste(0, (dpi[0], 2 * dpi[1], 4 * dpi[0], 5 * dpi[1]))
    image.save(tmp_path / "a.tif", dpi=dpi)
    page = only(tmp_path / "a.tif", high_res=high_res)
    assert page.width == 1728
    assert page.info["dpi"][0] == 204
    assert ring_box(page) == pytest.approx((3, 3), abs=0.03)


@pytest.mark.parametrize(
    ("dpi", "high_res", "lines"),
    [
        ((200, 200), None, 196),
        ((300, 150), None, 196),
        ((300, 149), None, 98),
        ((72, 72), None, 98),
        (None, None, 196),
        ((300, 300), False, 98),
        ((72, 72), True, 196),
    ],
)
def test_lines_per_inch(
    tmp_path: Path, dpi: tuple[int, int] | None, high_res: bool | None, lines: int
) -> None:
    image = Image.new("L", (600, 800), 0)
    image.save(tmp_path / "a.png", **({"dpi": dpi} if dpi else {}))
    assert only(tmp_path / "a.png", high_res=high_res).info["dpi"] == (204, lines)


def test_no_resolution_fits_the_page(tmp_path: Path) -> None:
    Image.new("L", (500, 600), 0).save(tmp_path / "a.png")
    page = only(tmp_path / "a.png")
    assert page.size == (1728, round(600 / 500 * 1728 * 196 / 204))
    assert page.getextrema() == (0, 0)


def test_a_wide_page_lies_on_its_side(tmp_path: Path) -> None:
    image = Image.new("L", (int(11.69 * 200), int(8.27 * 200)), 255)
    image.paste(0, (0, 0, 200, 200))  # top left goes to bottom left, anticlockwise
    image.save(tmp_path / "a.tif", dpi=(200, 200))
    page = only(tmp_path / "a.tif")
    assert (page.width, page.height) == (1728, pytest.approx(11.69 * 196, abs=2))
    assert ring_box(page) == pytest.approx((1, 1), abs=0.02)


@pytest.mark.parametrize(
    ("inches", "width"), [(8.5, 1728), (8.27, 1728), (10.0, 2048), (11.69, 2432), (20.0, 1728)]
)
def test_paper_for_scans(tmp_path: Path, inches: float, width: int) -> None:
    Image.new("1", (int(inches * 300), int(inches * 1.4 * 300)), 1).save(tmp_path / "a.tif", dpi=(300, 300))
    assert only(tmp_path / "a.tif").width == width


def test_a_screen_resolution_is_no_paper(tmp_path: Path) -> None:
    Image.new("L", (800, 1000), 0).save(tmp_path / "a.png", dpi=(72, 72))
    assert only(tmp_path / "a.png").width == 1728


def test_doubling_the_lines_repeats_them(tmp_path: Path) -> None:
    (made,) = pages.save_fax(tmp_path / "a.tif", 1, dpi=(204, 98))
    page = only(tmp_path / "a.tif", high_res=True)
    assert pages.rows(page) == pages.rows(made.resize((1728, 480), Image.Resampling.NEAREST))


def test_merging_lines_keeps_thin_ones(tmp_path: Path) -> None:
    image = Image.new("1", (1728, 200), 1)
    image.paste(0, (100, 50, 1600, 51))
    image.save(tmp_path / "a.tif", dpi=(204, 196), compression="group4")
    page = only(tmp_path / "a.tif", high_res=False)
    assert page.size == (1728, 100)
    assert ring_box(page) == pytest.approx((1500 / 204, 1 / 98))


# ---- kinds of pixels: dark left half, light right half ----


def halves(mode: str, dark: object, light: object) -> Image.Image:
    image = Image.new(mode, (864, 100), light)  # type: ignore[arg-type]
    image.paste(dark, (0, 0, 432, 100))  # type: ignore[arg-type]
    return image


def deep_tiff(bits: int, dark: int, light: int, photometric: int) -> bytes:
    code = {16: "H", 32: "I"}[bits]
    data = struct.pack(f"<864{code}", *([dark] * 432 + [light] * 432)) * 100
    gone = (258, 282, 283)  # without a resolution it fits the page
    tags = [
        tag for tag in pages.bilevel_tags(864, 100, len(data), photometric=photometric) if tag[0] not in gone
    ]
    return pages.tiff([*tags, (258, pages.SHORT, [bits])], data)


KINDS: dict[str, Callable[[Path], object]] = {
    "grey": lambda path: halves("L", 100, 150).save(path, "TIFF"),
    "colour": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).save(path, "TIFF"),
    "palette": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).quantize(4).save(path, "TIFF"),
    "cmyk": lambda path: halves("CMYK", (200, 200, 200, 90), (10, 10, 60, 0)).save(path, "TIFF"),
    "cmyk jpeg": lambda path: halves("CMYK", (200, 200, 200, 90), (10, 10, 60, 0)).save(path, "JPEG"),
    "lab": lambda path: halves("LAB", (40, 128, 128), (220, 128, 128)).save(path, "TIFF"),
    "ycbcr": lambda path: halves("YCbCr", (40, 128, 128), (220, 128, 128)).save(
        path, "TIFF", compression="jpeg"
    ),
    "transparent": lambda path: halves("RGBA", (0, 0, 0, 255), (0, 0, 0, 0)).save(path, "PNG"),
    "grey, transparent": lambda path: halves("LA", (0, 255), (0, 20)).save(path, "PNG"),
    "palette, transparent": lambda path: halves("L", 0, 1).convert("P").save(path, "PNG", transparency=1),
    "jpeg": lambda path: halves("L", 60, 200).save(path, "JPEG"),
    "gif": lambda path: halves("L", 60, 200).save(path, "GIF"),
    "bmp": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).save(path, "BMP"),
    "16 bits": lambda path: path.write_bytes(deep_tiff(16, 25_000, 45_000, 1)),
    "16 bits, 0 is white": lambda path: path.write_bytes(deep_tiff(16, 45_000, 25_000, 0)),
    "16 bits png": lambda path: Image.frombytes(
        "I;16", (864, 100), struct.pack("<864H", *([25_000] * 432 + [45_000] * 432)) * 100
    ).save(path, "PNG"),
    "floating point": lambda path: halves("F", 0.2, 1.0).save(path, "TIFF"),
    "32 bits": lambda path: halves("I", 25_000, 65_000).save(path, "TIFF"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_pixels(tmp_path: Path, kind: str) -> None:
    KINDS[kind](tmp_path / "a")
    page = only(tmp_path / "a")
    middle = page.height // 2
    assert [page.getpixel((x, middle)) for x in (300, 1400)] == [0, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    """The same upright page however it lies in the file: black top left."""
    upright = Image.new("L", (400, 560), 255)
    upright.paste(0, (0, 0, 100, 200))
    into = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if into is None else upright.transpose(into)
    dpi = (100, 50) if orientation < 5 else (50, 100)
    if kind == "TIFF":
        stored.save(tmp_path / "a", kind, dpi=dpi, tiffinfo={274: orientation})
    else:
        exif = Image.Exif()
        exif[274] = orientation
        stored.save(tmp_path / "a", kind, dpi=dpi, exif=exif)
    page = only(tmp_path / "a")
    box = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert page.height == pytest.approx(560 / 50 * page.info["dpi"][1], abs=2)
    assert box is not None
    assert box[1] <= 2
    assert ring_box(page) == pytest.approx((1, 4), abs=0.05)


# ---- scans as they come ----


@pytest.mark.parametrize(("width", "dpi"), [(1654, 200), (1700, 200), (1728, 200), (1706, 204)])
def test_scans_in_one_bit_get_white_sides_and_nothing_else(tmp_path: Path, width: int, dpi: int) -> None:
    made = pages.fax_page(2, width, 2200)
    y_dpi = 196 if dpi == 204 else 200
    made.save(tmp_path / "a.tif", compression="group4", dpi=(dpi, y_dpi))
    page = only(tmp_path / "a.tif")
    assert page.info["dpi"] == (dpi, y_dpi)
    left = (1728 - width) // 2
    assert pages.rows(page.crop((left, 0, left + width, 2200))) == pages.rows(made)
    rest = page.copy()
    rest.paste(255, (left, 0, left + width, 2200))
    assert rest.getextrema() == (255, 255)


@pytest.mark.parametrize("paper", [255, 235, 205])
@pytest.mark.parametrize("ink", [0, 60, 100])
@pytest.mark.parametrize("noise", [0, 14])
def test_grey_scans_become_clean_pages(tmp_path: Path, paper: int, ink: int, noise: int) -> None:
    """Paper of any grey becomes white, writing black, whatever little of the page it is."""
    image = Image.new("L", (1700, 2200), paper)
    image.paste(ink, (300, 300, 700, 340))
    if noise:
        grain = Image.effect_noise(image.size, noise)
        image = Image.composite(image, image, grain)
        image = Image.blend(image, grain, 0.12)
    image.save(tmp_path / "a.tif", dpi=(200, 200))
    page = only(tmp_path / "a.tif").convert("L")
    left = (1728 - 1734 * 1700 // 1700) // 2
    assert left <= 0
    inside = page.crop((315, 300, 700, 325))
    assert inside.histogram()[0] > 0.99 * inside.width * inside.height
    page.paste(255, (290, 280, 730, 350))
    assert page.histogram()[0] < 0.001 * page.width * page.height


def test_an_empty_grey_page_stays_white(tmp_path: Path) -> None:
    image = Image.blend(Image.new("L", (1700, 2200), 225), Image.effect_noise((1700, 2200), 30), 0.15)
    image.save(tmp_path / "a.tif", dpi=(200, 200))
    assert only(tmp_path / "a.tif").getextrema() == (255, 255)


@pytest.mark.parametrize("factor", [2, 3])
def test_thin_lines_of_fine_scans_stay(tmp_path: Path, factor: int) -> None:
    """A line two pixels wide at 600 dpi is a third of a millimetre of ink too little for a plain half."""
    image = Image.new("1", (5100, 6600), 1)
    for line in range(12):
        image.paste(0, (300 + 101 * line, 600, 300 + 101 * line + factor, 6000))
    image.save(tmp_path / "a.tif", compression="group4", dpi=(600, 600))
    page = only(tmp_path / "a.tif").convert("L").crop((0, 400, 1728, 1800))
    across = page.resize((1728, 1), Image.Resampling.BOX)
    assert sum(grey < 128 for grey in across.tobytes()) >= 12


def test_paper_in_uneven_light(tmp_path: Path) -> None:
    """A photograph of a page: light that falls off, and the shadow of who takes it. The writing stays, the
    shadow goes."""
    page = Image.new("L", (1654, 2339), 225)
    draw = ImageDraw.Draw(page)
    for line in range(30):
        draw.text((150, 150 + 60 * line), "Writing on paper " * 4, fill=45, font_size=34)
    page.save(tmp_path / "even.tif", dpi=(200, 200))
    light = Image.linear_gradient("L").resize(page.size).point(lambda value: 120 + value * 135 // 255)
    shadow = Image.new("L", page.size, 255)
    ImageDraw.Draw(shadow).polygon([(900, 0), (1654, 0), (1654, 1500), (1200, 1300)], fill=140)
    shadow = shadow.filter(ImageFilter.GaussianBlur(50))
    ImageChops.multiply(ImageChops.multiply(page, light), shadow).save(tmp_path / "a.tif", dpi=(200, 200))
    even, uneven = only(tmp_path / "even.tif").convert("L"), only(tmp_path / "a.tif").convert("L")
    difference = ImageChops.difference(even, uneven).histogram()[255]
    assert even.histogram()[0] > 50_000
    assert difference < 0.2 * even.histogram()[0]  # the edges of letters
    assert uneven.crop((1500, 0, 1728, 2200)).histogram()[0] < 500  # of half a million


def test_letter_keeps_its_length(tmp_path: Path) -> None:
    Image.new("L", (2550, 3300), 0).save(tmp_path / "a.tif", dpi=(300, 300))
    page = only(tmp_path / "a.tif")
    assert page.size == (1728, 11 * 196)


def test_fine_by_what_the_page_has_when_it_is_made_smaller(tmp_path: Path) -> None:
    """A photograph of a telephone says 72 dpi and has thousands of pixels."""
    Image.new("L", (3000, 4000), 0).save(tmp_path / "a.jpg", dpi=(72, 72))
    assert only(tmp_path / "a.jpg").info["dpi"] == (204, 196)


@pytest.mark.parametrize("dpi", [(1, 1), (9, 9), (0.01, 0.01), (20000, 20000), (300, 10), None])
def test_resolutions_that_say_nothing(tmp_path: Path, dpi: tuple[float, float] | None) -> None:
    """Tiny, huge, lopsided or missing: the picture fits the page's width."""
    image = Image.new("L", (864, 1000), 0)
    image.save(tmp_path / "a.tif", **({"dpi": dpi} if dpi else {}))
    page = only(tmp_path / "a.tif")
    assert page.size == (1728, round(2000 * 196 / 204))


def test_mixed_sizes_in_one_file(tmp_path: Path) -> None:
    made = [
        Image.new("L", (850, 1100), 0),
        Image.new("1", (1728, 500), 0),
        Image.new("RGB", (1100, 850), (0, 0, 0)),
        Image.new("P", (10, 10), 0),
    ]
    made[0].save(tmp_path / "a.tif", save_all=True, append_images=made[1:], dpi=(100, 100))
    assert [page.width for page in pages.converted(tmp_path / "a.tif")] == [1728] * 4


def test_colour_in_planes(tmp_path: Path) -> None:
    """PlanarConfiguration 2: red, green and blue one behind the other."""
    width, height = 864, 100
    dark, light = (90, 20, 20), (250, 240, 90)
    planes = [bytes([dark[band]] * 432 + [light[band]] * 432) * height for band in range(3)]
    tags = [
        (256, pages.LONG, [width]),
        (257, pages.LONG, [height]),
        (258, pages.SHORT, [8, 8, 8]),
        (259, pages.SHORT, [1]),
        (262, pages.SHORT, [2]),
        (273, pages.LONG, [8 + number * width * height for number in range(3)]),
        (277, pages.SHORT, [3]),
        (278, pages.LONG, [height]),
        (279, pages.LONG, [width * height] * 3),
        (284, pages.SHORT, [2]),
    ]
    (tmp_path / "a.tif").write_bytes(pages.tiff(tags, b"".join(planes)))
    page = only(tmp_path / "a.tif")
    assert [page.getpixel((x, page.height // 2)) for x in (300, 1400)] == [0, 255]


def test_dots_code_well(tmp_path: Path) -> None:
    """Clustered, not scattered: less than half of what error diffusion takes on the line."""
    from faxline import Preview

    ramp = Image.linear_gradient("L").resize((1728, 1700))
    ramp.save(tmp_path / "a.png", dpi=(204, 204))
    dots = Preview(FaxToSend(tmp_path / "a.png", photo=True)).estimate.octets["MMR"]
    ramp.resize((1728, 1633)).convert("1").save(tmp_path / "b.tif", dpi=(204, 196), compression="group4")
    diffused = Preview(FaxToSend(tmp_path / "b.tif")).estimate.octets["MMR"]
    assert dots < diffused / 2


# ---- letters in colour, and areas ----


def test_light_letters_on_white_stay_and_light_areas_go(tmp_path: Path) -> None:
    image = Image.new("RGB", (1640, 2200), "white")
    draw = ImageDraw.Draw(image)
    for row, colour in enumerate(["black", "orange", (0x99, 0x99, 0x99), (0xBB, 0xBB, 0xBB)]):
        draw.text((200, 100 + 150 * row), "Illegible?", fill=colour, font_size=40)
    draw.rectangle((200, 800, 1400, 1000), fill=(200, 200, 200))  # an area, and black letters on it
    draw.text((300, 850), "Illegible?", fill="black", font_size=40)
    draw.rectangle((200, 1200, 1400, 1400), fill=(255, 220, 0))
    image.save(tmp_path / "a.png", dpi=(200, 200))
    page = only(tmp_path / "a.png")

    def ink(top: float, bottom: float) -> int:
        return page.crop((0, round(top * 0.98), 1728, round(bottom * 0.98))).convert("L").histogram()[0]

    black = ink(90, 200)
    assert black > 500
    for row in range(1, 4):
        assert black * 0.6 < ink(90 + 150 * row, 200 + 150 * row) < black * 1.6
    assert ink(780, 1020) == pytest.approx(black, rel=0.15)
    assert ink(1180, 1420) == 0


def test_black_letters_are_as_thick_as_before(tmp_path: Path) -> None:
    """What is beside black is the edge of a letter, not a light letter."""
    image = Image.new("L", (1728, 600), 255)
    ImageDraw.Draw(image).text((100, 100), "Edges", fill=0, font_size=60)
    image = image.filter(ImageFilter.GaussianBlur(1.2))
    image.save(tmp_path / "a.png", dpi=(204, 196))
    page = only(tmp_path / "a.png").convert("L")
    assert page.histogram()[0] == sum(image.histogram()[:160])


# ---- finer than fine ----


@pytest.mark.parametrize(
    ("dpi", "high_res", "resolution"),
    [
        ((300, 300), None, (408, 391)),
        ((200, 200), None, (204, 196)),
        ((100, 100), None, (204, 98)),
        ((300, 300), False, (204, 98)),
        ((600, 600), True, (408, 391)),
    ],
)
@pytest.mark.parametrize("photo", [False, True])
def test_superfine(
    tmp_path: Path, dpi: tuple[int, int], high_res: bool | None, resolution: tuple[int, int], photo: bool
) -> None:
    image = Image.new("L", (6 * dpi[0], 8 * dpi[1]), 255)
    image.paste(0, (dpi[0], 2 * dpi[1], 4 * dpi[0], 5 * dpi[1]))
    image.save(tmp_path / "a.tif", dpi=dpi)
    (coded,) = FaxToSend(tmp_path / "a.tif", superfine=True, photo=photo).pages(high_res=high_res)
    page = pages.whole(coded)
    assert (page.x_dpi, page.y_dpi) == resolution
    assert page.width_px == 1728 * resolution[0] // 204
    size = (page.width_px, page.row_count)
    drawn = Image.frombytes("1", size, page.rows, "raw", "1;I")
    drawn.info["dpi"] = resolution
    assert ring_box(drawn) == pytest.approx((3, 3), abs=0.03)


def test_superfine_leaves_fax_pages_as_they_are(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 1)
    (page,) = FaxToSend(tmp_path / "a.tif", superfine=True).pages()
    assert page.code is not None
    assert (page.width_px, page.x_dpi) == (1728, 204)


def test_superfine_text_is_finer_at_the_far_end_that_can_and_fine_at_another(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Fine print\n" * 10)
    fax = FaxToSend(tmp_path / "a.txt", superfine=True)
    for number, resolution in (("5550100", "408x391"), ("5550105", "204x98")):
        with CallChannel("sim:") as channel:
            assert channel.call(number) == "ANSWERED"
            assert channel.FaxSender.send(fax) == "NORMAL"
            assert channel.FaxSender.Details.negotiated["Resolution"] == resolution


@pytest.mark.parametrize(
    ("inches", "size"),
    [
        ((16.54, 11.69), (8.27, 11.69)),  # A3 on its side
        ((11.69, 16.54), (8.27, 11.69)),
        ((13.33, 7.5), (6.58, 11.69)),  # a slide
        ((14.0, 8.5), (8.47, 14.0)),  # legal on its side keeps its length
        ((8.5, 14.0), (8.47, 14.0)),
        ((8.0, 30.0), (8.0, 30.0)),  # a long strip, which is on no sheet
    ],
)
def test_one_sheet(tmp_path: Path, inches: tuple[float, float], size: tuple[float, float]) -> None:
    """A4 takes what had to be made smaller or turned: some millimetres more would be a second sheet."""
    image = Image.new("L", (round(inches[0] * 100), round(inches[1] * 100)), 0)
    image.save(tmp_path / "a.png", dpi=(100, 100))
    page = only(tmp_path / "a.png", high_res=True)
    assert page.width == 1728
    assert ring_box(page) == pytest.approx(size, abs=0.03)


@pytest.mark.parametrize("sideways", [False, True])
def test_a_photograph_without_a_size_is_one_sheet(tmp_path: Path, sideways: bool) -> None:
    """Two to three, as cameras make them: over the whole width it would be 323 mm long."""
    Image.new("L", (600, 400) if sideways else (400, 600), 0).save(tmp_path / "a.png")
    assert ring_box(only(tmp_path / "a.png")) == pytest.approx((7.8, 11.69), abs=0.03)
