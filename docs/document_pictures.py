"""Makes the pictures of documents.md anew: python docs/document_pictures.py

They are drawn with the fonts of this machine, so another may draw them otherwise; nothing checks that.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from faxline import CallChannel, Confirmation, Cover, FaxToSend, Preview
from faxline.preview import square

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests"))
from scenes import SCENES  # noqa: E402 - they are those that the tests judge

HEADER = "{date} {time} {zone}   {name} {id} → {to}   page {page}/{pages}"


def small(image: Image.Image, width: int) -> Image.Image:
    """A page on paper, made smaller."""
    image = image.convert("L")
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    return ImageOps.expand(image, 1, 150)


def beside(*images: Image.Image) -> Image.Image:
    gap = 14
    width = sum(image.width for image in images) + gap * (len(images) - 1)
    sheet = Image.new("L", (width, max(image.height for image in images)), 255)
    x = 0
    for image in images:
        sheet.paste(image, (x, 0))
        x += image.width + gap
    return sheet


def save(name: str, image: Image.Image, greys: int = 16) -> None:
    image.quantize(greys).save(DOCS / name, optimize=True)
    print(f"docs/{name}: {(DOCS / name).stat().st_size} bytes")


def photographs(path: Path) -> Image.Image:
    """Pages with pictures, and below them what arrives."""
    above, below = [], []
    for name in ("photograph", "photograph in a letter", "magazine", "gradient", "logo", "street map"):
        page = SCENES[name].make()
        page.save(path, dpi=(200, 200))
        above.append(small(page, 230))
        below.append(small(square(Preview(FaxToSend(path)).image(1)), 230))
    rows = beside(*above), beside(*below)
    sheet = Image.new("L", (rows[0].width, sum(row.height for row in rows) + 14), 255)
    sheet.paste(rows[0], (0, 0))
    sheet.paste(rows[1], (0, rows[0].height + 14))
    return sheet


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder, "sample.pdf")
        subprocess.run([sys.executable, DOCS.parent / "examples" / "sample_pdf.py", pdf], check=True)
        save("documents-photo.png", photographs(Path(folder, "page.png")), greys=64)

        fax = FaxToSend(pdf)
        fax.set_cover(Cover(to_name="Ms Smith", subject="Order 1700", message="Two pages, as promised."))
        with CallChannel("sim:", subscriber_id="+1 555 000", subscriber_name="Harbour & Sons") as channel:
            channel.call("5550100")
            channel.FaxSender.send(fax, {"HeaderLine": HEADER})
            confirmation = Confirmation.of(channel, fax)
        assert confirmation.first_page is not None
        preview = Preview(
            fax,
            {"HeaderLine": HEADER, "SubscriberId": "+1 555 000"},
            to="5550100",
            subscriber_name="Harbour & Sons",
        )
        pages = (
            small(square(preview.image(1)).crop((0, 0, 1728, 1200)), 460),
            small(confirmation.image(), 460),
        )
        save("documents-cover.png", beside(*pages))
        strips = [square(preview.image(2)).crop((0, 0, 1728, 300))]
        coarse = Preview(
            fax,
            {"HeaderLine": HEADER, "SubscriberId": "+1 555 000", "HighRes": "NO"},
            to="5550100",
            subscriber_name="Harbour & Sons",
        )
        strips.append(square(coarse.image(2)).crop((0, 0, 1728, 300)))
        both = Image.new("L", (1728, 620), 200)
        for number, strip in enumerate(strips):
            both.paste(strip.convert("L"), (0, 320 * number))
        save("documents-header.png", small(both, 934))
    return 0


if __name__ == "__main__":
    sys.exit(main())
