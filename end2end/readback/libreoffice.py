"""What LibreOffice sees in a workbook: it is told to save it as flat ODF, whose XML says each cell's type and value."""

import datetime
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree

NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}
SECONDS_MAX = 120


def name(short):
    prefix, local = short.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def text_of(element):
    """The text of a paragraph: runs of spaces, tabs and breaks are elements."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == name("text:s"):
            parts.append(" " * int(child.get(name("text:c"), "1")))
        elif child.tag == name("text:tab"):
            parts.append("\t")
        elif child.tag == name("text:line-break"):
            parts.append("\n")
        else:
            parts.append(text_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def value_of(cell):
    """None, or the kind and the value of a cell, as in wanted.json."""
    kind = cell.get(name("office:value-type"))
    if kind is None:
        return None
    if kind == "string":
        return "s", "\n".join(text_of(paragraph) for paragraph in cell.findall("text:p", NAMESPACES))
    if kind == "float":
        formula = cell.get(name("table:formula"))
        if formula in ("of:=TRUE()", "of:=FALSE()"):
            # Its booleans are these.
            return "b", formula == "of:=TRUE()"
        return ("f", formula) if formula else ("n", float(cell.get(name("office:value"))))
    if kind == "date":
        return "d", cell.get(name("office:date-value"))
    if kind == "time":
        hours, minutes, seconds = re.fullmatch(r"PT(\d+)H(\d+)M([\d.]+)S", cell.get(name("office:time-value"))).groups()
        return "t", datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    if kind == "boolean":
        return "b", cell.get(name("office:boolean-value")) == "true"
    return kind, cell.get(name("office:value"))


def rows_of(sheet, column_count):
    """The rows of a sheet without the empty ones at its end."""
    rows = []
    for row in sheet.iter(name("table:table-row")):
        cells = []
        for cell in row:
            count = int(cell.get(name("table:number-columns-repeated"), "1"))
            cells.extend([value_of(cell)] * min(count, column_count - len(cells)))
        cells.extend([None] * (column_count - len(cells)))
        rows.extend([cells] * min(int(row.get(name("table:number-rows-repeated"), "1")), 1000))
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def sheets_of(path, column_count):
    """The names of a workbook's sheets, and their rows."""
    with tempfile.TemporaryDirectory() as scratch:
        # A profile of its own, for one that is in use refuses a second process.
        profile = (pathlib.Path(scratch) / "profile").as_uri()
        command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "fods", "--outdir", scratch, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
        converted = pathlib.Path(scratch) / (path.stem + ".fods")
        if not converted.exists():
            raise SystemExit(f"LibreOffice did not convert {path}: {ran.stdout}{ran.stderr}")
        # Texts can be longer than the parser allows by default.
        root = xml.etree.ElementTree.parse(converted).getroot()
    return [(sheet.get(name("table:name")), rows_of(sheet, column_count)) for sheet in root.iter(name("table:table"))]
