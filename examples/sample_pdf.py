"""Makes a PDF to try things with: a letter with a table, grey text, hairlines and a picture, on A4.

python examples/sample_pdf.py sample.pdf        makes one page
python examples/sample_pdf.py sample.pdf 100    makes a hundred
"""

import math
import sys
import zlib

WIDTH, HEIGHT = 595, 842  # points

TEXT = """Dear reader,
this page was made as office programs make them: fonts, lines, shaded cells, a picture, and
no pixel of its text. It is drawn straight at the resolution of a fax. What is thin stays, what
is shaded lightly becomes white, and grey letters become black ones.""".splitlines()

ROWS = [("Item", "Pieces", "Price")] + [
    (f"Part no. {1700 + 37 * row}", str(row + 2), f"{(row + 2) * 4.75:.2f}") for row in range(6)
]


def text(x: float, y: float, size: float, words: str, font: str = "F1") -> str:
    words = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {x} {y} Td ({words}) Tj ET"


def page(number: int, pages: int) -> str:
    """The content of a page, in PDF's operators."""
    made = [
        text(70, 770, 26, "Harbour & Sons", "F2"),
        "0.4 g",
        text(70, 752, 9, "Quay 7, Port Example"),
        "0 g",
    ]
    made += ["0.3 w 70 744 m 525 744 l S", text(430, 770, 10, f"Page {number} of {pages}")]
    made += [text(70, 712 - 16 * row, 11, line) for row, line in enumerate(TEXT)]
    for row, cells in enumerate(ROWS):
        y = 610 - 20 * row
        made.append(f"{0.8 if row == 0 else 1} g 70 {y} 455 20 re f 0 g")
        made += [
            text(x, y + 6, 10, cell, "F2" if row == 0 else "F1")
            for x, cell in zip((76, 300, 440), cells, strict=True)
        ]
        made.append(f"0.25 w 70 {y} 455 20 re S")
    made += ["0.55 g", text(70, 462, 10, "Grey as a footnote may be: still to be read."), "0 g"]
    made.append("q 260 0 0 195 70 235 cm /I1 Do Q")
    made += ["0.1 w"] + [
        f"{360 + 8 * line} 235 m {360 + 8 * line} 430 l S {0.1 + 0.15 * line} w" for line in range(20)
    ]
    made.append(text(70, 215, 8, "A picture: a threshold makes black and white of it, dots keep its greys."))
    return "\n".join(made)


def picture(width: int = 208, height: int = 156) -> bytes:
    """Grey hills under a sun."""
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            grey = 235 - y * 70 // height
            sun = math.hypot(x - 155, y - 40)
            if sun < 24:
                grey = 255
            elif sun < 60:
                grey = min(255, grey + int(60 - sun))
            for hill, base in enumerate((80, 100, 122)):
                if y > base - 18 * math.sin(x / (24 + 9 * hill) + 2 * hill):
                    grey = 150 - 48 * hill + (y - base) // 3
            rows.append(max(0, min(255, grey)))
    return bytes(rows)


def build(pages: int) -> bytes:
    """The file."""
    grey = zlib.compress(picture())
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(pages))
    resources = "<< /Font << /F1 3 0 R /F2 4 0 R >> /XObject << /I1 5 0 R >> >>"
    image = (
        f"<< /Type /XObject /Subtype /Image /Width 208 /Height 156 /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(grey)} >>"
    )
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        font.format("").encode(),
        font.format("-Bold").encode(),
        image.encode() + b"\nstream\n" + grey + b"\nendstream",
    ]
    for number in range(pages):
        content = zlib.compress(page(number + 1, pages).encode("cp1252"))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources {resources} "
            f"/Contents {7 + 2 * number} 0 R >>".encode()
        )
        objects.append(
            f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode() + content + b"\nendstream"
        )
    file, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    file += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    file += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(file)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    with open(arguments[0], "wb") as file:
        file.write(build(int(arguments[1]) if len(arguments) == 2 else 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
