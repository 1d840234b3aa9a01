"""How fast documents become fax pages, and how much memory that takes: from the file to the coded pages
that a call would send. PDF also by Ghostscript and Poppler, where they are installed: each to fax TIFF, or to
pages in one bit, on the same machine in the same minute.

python bench/documents.py                 two PDFs, a text and scans, made for it
python bench/documents.py FILE...         these
python bench/documents.py --json FILE...  the same for programs, ours alone

Each in a process of its own; the peak is of the larger resident set, its own or that of the worker that reads
the file, interpreter and libraries included; the processor's time has the imports of both in it.
"""

import importlib.util
import json
import os
import shutil
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
    from faxline._workers import pool
    from faxline.document import add_page

    began = time.perf_counter()
    document = Document()
    for page in FaxToSend(name).pages():
        add_page(document, page)
    pages = len(document)
    seconds = time.perf_counter() - began
    document.close()
    pool.close()  # the worker that read it and its forker are counted when they are gone
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    busy = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    peak = max(usage.ru_maxrss for usage in usages) / 1024
    return {
        "file": Path(name).name,
        "pages": pages,
        "pages_per_second": round(pages / seconds, 1),
        "pages_per_second_of_one_core": round(pages / busy, 1),
        "peak_mib": round(peak),
    }


OTHERS = {
    "gs": "gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=tiffg4 -r204x196 -sOutputFile={folder}/gs.tif {pdf}",
    "pdftoppm": "pdftoppm -mono -rx 204 -ry 196 {pdf} {folder}/page",
}


def others(pdf: str, pages: object) -> list[dict[str, object]]:
    """What other programs take for it."""
    rows: list[dict[str, object]] = []
    for name, command in OTHERS.items():
        if shutil.which(name) is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            words = [word.format(pdf=pdf, folder=folder) for word in command.split()]
            began = time.perf_counter()
            pid = os.posix_spawnp(words[0], words, os.environ)
            _, status, used = os.wait4(pid, 0)
            seconds = time.perf_counter() - began
        if status:
            sys.exit(f"{name} ended with {os.waitstatus_to_exitcode(status)}")
        count = int(str(pages))
        rows.append(
            {
                "file": f"  by {name}",
                "pages": count,
                "pages_per_second": round(count / seconds, 1),
                "pages_per_second_of_one_core": round(count / (used.ru_utime + used.ru_stime), 1),
                "peak_mib": round(used.ru_maxrss / 1024),
            }
        )
    return rows


def letter(number: int, pages: int) -> str:
    """A page of plain text, in PDF's operators."""
    line = (
        f"Page {number} of {pages}: all work and no play makes a dull page, as everybody knows who read it."
    )
    rows = "".join(f"({line}) Tj T*\n" for _ in range(50))
    return f"BT /F1 10 Tf 14 TL 60 780 Td\n{rows}ET"


SAMPLES = ("office.pdf", "letters.pdf", "text.txt", "scan.tif", "coded.tif")


def make_samples(folder: Path) -> None:
    """A hundred pages of two PDFs, of text, and of fax, and some grey scans. In a process of its own: what it
    takes in memory, those that it starts would seem to take."""
    from PIL import Image, ImageFilter

    pdf, letters, text, scan, coded = (folder / name for name in SAMPLES)
    fax = folder / "sample.tif"
    spec = importlib.util.spec_from_file_location("sample_pdf", EXAMPLES / "sample_pdf.py")
    assert spec is not None
    assert spec.loader is not None
    sample_pdf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample_pdf)
    pdf.write_bytes(sample_pdf.build(100))
    vars(sample_pdf)["page"] = letter
    letters.write_bytes(sample_pdf.build(100))
    text.write_text(
        "\f".join("\n".join(["All work and no play makes a dull page." * 2] * 50) for _ in range(100))
    )
    subprocess.run([sys.executable, EXAMPLES / "sample.py", fax], check=True)
    with Image.open(fax) as image:
        page = image.convert("L").resize((2480, 3508)).filter(ImageFilter.GaussianBlur(1.5))
        page = page.point(lambda grey: 60 + grey * 170 // 255)
        page.save(scan, save_all=True, append_images=[page] * 49, compression="tiff_lzw", dpi=(300, 300))
        image.save(
            coded,
            save_all=True,
            append_images=[image] * 49,
            compression="group4",
            dpi=image.info["dpi"],
        )


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--one"]:
        print(json.dumps(measure(arguments[1])))
        return 0
    if arguments[:1] == ["--samples"]:
        make_samples(Path(arguments[1]))
        return 0
    as_json = arguments[:1] == ["--json"]
    names = arguments[as_json:]
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        if not names:
            subprocess.run([sys.executable, __file__, "--samples", folder], check=True)
            names = [str(Path(folder, name)) for name in SAMPLES]
        for name in names:
            command = [sys.executable, __file__, "--one", name]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows.append(row)
            if name.endswith(".pdf") and not as_json:
                rows += others(name, row["pages"])
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
