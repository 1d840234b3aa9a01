"""Files to fax pages and back.

A reader for each kind of file (images.py, pdf.py, text.py), pictures and paper to the bits of a page
(raster.py, bilevel.py, fonts.py), the header line, and what pages are written to (tiff.py, write.py).
Nothing here knows of lines or calls, and of C only what _pixels.py says. The classes that an
application holds are further up: document.py, cover.py, storage.py, preview.py, confirmation.py, pdf.py.
"""
