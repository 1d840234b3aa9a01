"""The TIFF in which a simulated far machine keeps the pages of its latest call."""

from pathlib import Path

from faxline._documents.tiff import TiffWriter
from faxline._engine.engine import Engine
from faxline._guarded import GuardedLogger


class FarPages:
    """That TIFF. By one thread."""

    def __init__(self, path: Path | None, line: str, logger: GuardedLogger) -> None:
        """path: None keeps nothing. line: what the log calls it."""
        self._path, self._line, self._logger = path, line, logger
        self._writer: TiffWriter | None = None

    def take(self, engine: Engine) -> None:
        """Writes the page that a FarPageStored told of."""
        page = engine.take_far_page()
        if page is None or self._path is None:
            return
        try:
            if self._writer is None or page.number == 1:
                self.close()
                self._writer = TiffWriter(self._path)
            self._writer.add_page(page)
        except (OSError, ValueError) as error:
            self._logger.error("%s: page %d is not saved: %s", self._line, page.number, error)

    def close(self) -> None:
        """The file is as it is."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
