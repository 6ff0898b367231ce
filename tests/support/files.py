"""Small real PDFs and EPUBs, written byte by byte so that each test knows what is in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>"""


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF whose pages hold these lines of ASCII text."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", _FONT]
    kids: list[int] = []
    for lines in pages:
        words = "\n".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td\n{words}\nET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
    references = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{references}] /Count {len(kids)} >>"
    return _assembled(objects)


_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def _assembled(objects: Sequence[str]) -> bytes:
    body = "%PDF-1.4\n"
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    trailer = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def epub(chapters: Mapping[str, str], *, order: Sequence[str] | None = None) -> bytes:
    """Return an EPUB with these pages by name, read in `order`, else as given."""
    names = list(chapters)
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in order or names)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    pages = {f"OPS/{name}.xhtml": content for name, content in chapters.items()}
    return archive({"META-INF/container.xml": CONTAINER, "OPS/book.opf": package, **pages})


def archive(entries: Mapping[str, str]) -> bytes:
    """Return a zip that begins as an EPUB must."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        for name, content in entries.items():
            book.writestr(name, content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
