"""How fast documents become fax pages, and how much memory that takes: from the file to the coded pages
that a call would send.

python bench/documents.py                 a PDF, a text and scans, made for it
python bench/documents.py FILE...         these
python bench/documents.py --json FILE...  the same for programs

Each in a process of its own; the peak is of its resident set, interpreter and libraries included.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def measure(name: str) -> dict[str, object]:
    """In this process."""
    import resource

    from faxline import FaxToSend
    from faxline._engine.document import Document
    from faxline.document import add_page

    began, busy = time.perf_counter(), time.process_time()
    document = Document()
    for page in FaxToSend(name).pages():
        add_page(document, page)
    pages = len(document)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    document.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "file": Path(name).name,
        "pages": pages,
        "pages_per_second": round(pages / seconds, 1),
        "pages_per_second_of_one_core": round(pages / busy, 1),
        "peak_mib": round(peak),
    }


def samples(folder: Path) -> list[str]:
    """A hundred pages of PDF, of text, of grey scan and of fax."""
    from PIL import Image, ImageFilter

    pdf, text, scan, fax = (
        str(folder / name) for name in ("office.pdf", "text.txt", "scan.tif", "sample.tif")
    )
    subprocess.run([sys.executable, EXAMPLES / "sample_pdf.py", pdf, "100"], check=True)
    Path(text).write_text(
        "\f".join("\n".join(["All work and no play makes a dull page." * 2] * 50) for _ in range(100))
    )
    subprocess.run([sys.executable, EXAMPLES / "sample.py", fax], check=True)
    with Image.open(fax) as image:
        page = image.convert("L").resize((2480, 3508)).filter(ImageFilter.GaussianBlur(1.5))
        page = page.point(lambda grey: 60 + grey * 170 // 255)
        page.save(scan, save_all=True, append_images=[page] * 19, compression="tiff_lzw", dpi=(300, 300))
        image.save(
            str(folder / "coded.tif"),
            save_all=True,
            append_images=[image] * 49,
            compression="group4",
            dpi=image.info["dpi"],
        )
    return [pdf, text, scan, str(folder / "coded.tif")]


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--one"]:
        print(json.dumps(measure(arguments[1])))
        return 0
    as_json = arguments[:1] == ["--json"]
    names = arguments[as_json:]
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name in names or samples(Path(folder)):
            command = [sys.executable, __file__, "--one", name]
            rows.append(
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            )
    if as_json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(
            f"{row['file']:<16} {row['pages']:>4} pages  {row['pages_per_second']:>7} pages/s by the clock, "
            f"{row['pages_per_second_of_one_core']:>7} of one core, peak {row['peak_mib']:>4} MiB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
