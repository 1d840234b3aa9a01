"""Pictures of continuous tone become dots by themselves, and nothing else does."""

from pathlib import Path

import pages
import pytest
import scenes
from PIL import Image, ImageChops

from faxline import CallChannel, FaxToSend, Preview
from faxline.cli import main

GAP = 20  # pixels: the cells of the page reach so far beyond a picture


def arrived(path: Path, photo: bool | None) -> Image.Image:
    """The page, in the pixels of the original."""
    preview = Preview(FaxToSend(path, photo=photo))
    assert bool(preview.estimate.pictures) == (photo is True or (photo is None and page_has_dots(preview)))
    return preview.image(1).convert("L")


def page_has_dots(preview: Preview) -> bool:
    return preview.estimate.pictures == (1,) and preview.estimate.picture_seconds > 0


def on_page(box: scenes.Box, page: Image.Image, grow: int = 0) -> scenes.Box:
    """Where it is on the fax page: 200 dpi in the middle of 204 x 196."""
    across, down = page.width / scenes.SIZE[0], page.height / scenes.SIZE[1]
    left, top, right, bottom = box
    return (
        max(0, round((left - grow) * across)),
        max(0, round((top - grow) * down)),
        min(page.width, round((right + grow) * across)),
        min(page.height, round((bottom + grow) * down)),
    )


def greys(image: Image.Image) -> list[int]:
    """The mean greys of eight by eight parts."""
    return list(image.resize((8, 8), Image.Resampling.BOX).tobytes())


def alike(first: list[int], second: list[int]) -> float:
    """The correlation of both."""
    a, b = ([value - sum(values) / len(values) for value in values] for values in (first, second))
    both = sum(x * y for x, y in zip(a, b, strict=True))
    return float(both / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5)


@pytest.mark.parametrize("name", scenes.SCENES)
def test_scenes(tmp_path: Path, name: str) -> None:
    """Where there is tone, it is there on the fax; everywhere else the page is what it was without."""
    scene, path = scenes.SCENES[name], tmp_path / "a.png"
    original = scene.make()
    original.save(path, dpi=(200, 200))
    page, plain = arrived(path, None), arrived(path, False)
    assert page.size == plain.size
    rest = Image.new("L", page.size, 255)
    for box in scene.tones:
        there = page.crop(on_page(box, page))
        wanted, found = greys(original.crop(box)), greys(there)
        hollow = greys(plain.crop(on_page(box, page)))
        assert alike(wanted, found) > 0.96
        assert max(found) - min(found) > 100
        assert alike(wanted, hollow) < 0.93  # black and white would not do
        rest.paste(0, on_page(box, page, GAP))
    outside = ImageChops.multiply(ImageChops.difference(page, plain), rest)
    other = outside.histogram()[255] / (page.width * page.height)
    assert other < (0.01 if scene.level_by_page else 1e-9)
    assert bool(scene.tones) == (page != plain)


def test_all_of_it_and_nothing(tmp_path: Path) -> None:
    """--photo and --text, for one file of several."""
    for name in ("letter", "gradient"):
        scenes.SCENES[name].make().save(tmp_path / f"{name}.png", dpi=(200, 200))
    letter, gradient = tmp_path / "letter.png", tmp_path / "gradient.png"
    fax = FaxToSend()
    fax.add_content(letter, photo=True)
    fax.add_content(gradient, photo=False)
    fax.add_content(gradient)
    assert Preview(fax).estimate.pictures == (1, 3)
    assert Preview(FaxToSend([str(letter), str(gradient)])).estimate.pictures == (2,)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter, gradient = str(tmp_path / "letter.png"), str(tmp_path / "gradient.png")
    scenes.letter().save(letter, dpi=(200, 200))
    scenes.gradient().save(gradient, dpi=(200, 200))
    assert main(["preview", letter, gradient]) == 0
    assert "of it for page 2 with pictures in dots" in capsys.readouterr().out
    assert main(["preview", letter, gradient, "--text", gradient]) == 0
    assert "in dots" not in capsys.readouterr().out
    assert main(["preview", letter, gradient, "--photo", letter]) == 0
    assert "pages 1, 2 with pictures in dots" in capsys.readouterr().out
    for wrong in (["--photo", "other.png"], ["--photo", letter, "--text", letter]):
        assert main(["preview", letter, *wrong]) != 0


@pytest.mark.parametrize(("most", "sent"), [("1000", True), ("30", False)])
def test_no_longer_than_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], most: str, sent: bool
) -> None:
    path, received = str(tmp_path / "a.png"), tmp_path / "received.tif"
    scenes.gradient().save(path, dpi=(200, 200))
    status = main(["send", "5550100", path, "--device", f"sim:?save={received}", "--max-seconds", most])
    told = capsys.readouterr()
    assert (status == 0) == sent == received.exists()
    if not sent:
        assert "--max-seconds allows 30 s: --text FILE" in told.err
    assert main(["send", "5550100", path, "--device", "sim:", "--max-seconds", "30", "--text", path]) == 0


def test_what_was_prepared_is_told_again(tmp_path: Path, connected: CallChannel) -> None:
    path = tmp_path / "a.png"
    scenes.gradient().save(path, dpi=(200, 200))
    fax = FaxToSend(path)
    fax.prepare()
    assert Preview(fax).estimate.pictures == (1,)
    assert connected.FaxSender.send(fax) == "NORMAL"


def test_small_pictures_and_marks_stay_as_they_are(tmp_path: Path) -> None:
    """A stamp, an icon: dots would make them illegible."""
    page = scenes.letter()
    page.paste(scenes.photograph(60, 60), (1400, 60))
    page.save(tmp_path / "a.png", dpi=(200, 200))
    assert Preview(FaxToSend(tmp_path / "a.png")).estimate.pictures == ()


def test_pictures_in_a_pdf(tmp_path: Path) -> None:
    scenes.photograph_in_a_letter().save(tmp_path / "a.pdf", resolution=200)
    (page,) = map(pages.whole, FaxToSend(tmp_path / "a.pdf").pages())
    assert page.dots
