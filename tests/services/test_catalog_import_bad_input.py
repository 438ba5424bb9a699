"""Rubbish: every bad line is told with its number, column and reason, and the good ones go in."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest

from ppm_web.services.catalog.errors import ImportFileError
from ppm_web.services.imports.run import import_catalog
from tests.services.import_files import (
    BAD_CELLS,
    GOOD,
    HEADER,
    bad,
    csv_line,
    figures,
    names,
    product,
    run,
    skus,
)


@pytest.mark.usefixtures("app")
def test_every_bad_line_is_told_and_the_good_ones_between_them_go_in(tmp_path: Path) -> None:
    lines: list[str] = []
    for number, (column, text, _) in enumerate(BAD_CELLS):
        lines.append(csv_line(GOOD | {"sku": f"BAD-{number}", column: text}))
        lines.append(csv_line(GOOD | {"sku": f"OK-{number:03}"}))
    one_line = [line.count("\n") == 1 for line in lines]

    result = run(tmp_path, csv_line({column: column for column in GOOD}) + "".join(lines))

    assert all(one_line)
    assert [line for line, _ in sorted({*bad(result)})] == list(range(2, 2 + len(lines), 2))
    assert [column for _, column in sorted({*bad(result)})] == [column for column, _, _ in BAD_CELLS]
    assert skus() == [f"OK-{number:03}" for number in range(len(BAD_CELLS))]


@pytest.mark.parametrize(
    "text", ["x" * 100_001, "x" * 1_000_000, (("x" * 76) + "\n") * 13_000], ids=["100 kB", "1 MB", "lines"]
)
@pytest.mark.usefixtures("app")
def test_a_cell_that_is_too_long_is_told(tmp_path: Path, text: str) -> None:
    header = "sku,price_net,tax_rate,name:en,description:en\n"

    result = run(tmp_path, f'{header}OK-1,1,5,Mug,\nMUG-1,1,5,Mug,"{text}"\nOK-2,1,5,Mug,\n')

    assert [cell.column for cell in result.bad] == ["description:en"]
    assert "100000 at most" in result.bad[0].reason
    assert skus() == ["OK-1", "OK-2"]


@pytest.mark.usefixtures("app")
def test_a_sku_that_comes_twice_is_told_with_its_first_line(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + "MUG-1,1,5,Mug\nMUG-2,1,5,Mug\nMUG-1,2,5,Mug\n")

    assert bad(result) == [(4, "sku")]
    assert "line 2" in result.bad[0].reason
    assert product("MUG-1").price_net == 1


@pytest.mark.usefixtures("app")
def test_lines_with_too_many_or_too_few_cells_are_told(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + "A,1,5,Mug, blue\nB,1,5\nC,1,5,Mug,\nD,1,5,Mug\n")

    assert bad(result) == [(2, ""), (3, ""), (4, "")]
    assert "5 cells" in result.bad[0].reason
    assert "4 columns" in result.bad[0].reason
    assert skus() == ["D"]


@pytest.mark.usefixtures("app")
def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,description:en\n"

    result = run(
        tmp_path, header + 'A,1,5,Mug,"one\ntwo\n\nfour"\nB,x,5,Mug,\n\n"C","y",5,Mug,"1\n2"\nD,z,5,M,\n'
    )

    assert bad(result) == [(6, "price_net"), (8, "price_net"), (10, "price_net")]
    assert product("A").texts[0].description == "one\ntwo\n\nfour"


@pytest.mark.usefixtures("app")
def test_a_stray_quote_swallows_no_other_line(tmp_path: Path) -> None:
    rest = "".join(f"D{n:03},1,5,Mug {n}\n" for n in range(200))
    stray = ['"B,1,5,Mug', 'B,1,5,"Mug', 'B,1,5,"Mug" blue', 'B,"1,5,Mug', '"B"x,1,5,Mug']
    after = ["C,1,5,Mug", 'C,1,5,"Mug, blue"', 'C,1,5,Pipe 12"', '"C",1,5,"Mug ""big"""']
    for broken, following in itertools.product(stray, after):
        result = run(tmp_path, f"{HEADER}A,1,5,Mug\n{broken}\n{following}\n{rest}")

        assert bad(result) == [(3, "")], (broken, following)
        assert "quote" in result.bad[0].reason
        assert result.total == 203
    assert len(skus()) == 202


@pytest.mark.usefixtures("app")
def test_many_stray_quotes_are_each_told(tmp_path: Path) -> None:
    lines = [f'"S{n},1,5,Mug\nG{n},1,5,Mug\n' for n in range(300)]

    result = run(tmp_path, HEADER + "".join(lines))

    assert [line for line, _ in bad(result)] == list(range(2, 602, 2))
    assert result.added == 300


@pytest.mark.usefixtures("app")
def test_a_quote_in_the_middle_of_a_cell_is_a_letter(tmp_path: Path) -> None:
    run(tmp_path, HEADER + 'MUG-1,1,5,Screen 15" wide\n')

    assert names("MUG-1") == {"en": 'Screen 15" wide'}


@pytest.mark.usefixtures("app")
def test_a_line_that_is_not_utf8_is_told_with_its_byte_and_the_rest_goes_in(tmp_path: Path) -> None:
    lines = [HEADER.encode(), b"A,1,5,Mug\n", "B,1,5,Żółw\n".encode("cp1250"), "C,1,5,Żółw\n".encode()]

    result = run(tmp_path, b"".join(lines))

    assert bad(result) == [(3, "name:en")]
    assert "byte 7 of line 3 (0xAF) is not UTF-8" in result.bad[0].reason
    assert names("C") == {"en": "Żółw"}
    assert skus() == ["A", "C"]


@pytest.mark.usefixtures("app")
def test_bad_bytes_in_a_cell_over_several_lines_are_told_with_their_line(tmp_path: Path) -> None:
    header = b"sku,price_net,tax_rate,name:en,description:en\n"

    result = run(tmp_path, header + b'A,1,5,Mug,"one\ntw\xf3\nthree"\nB,1,5,Mug,\n')

    assert bad(result) == [(2, "description:en")]
    assert "of line 3" in result.bad[0].reason
    assert skus() == ["B"]


@pytest.mark.usefixtures("app")
def test_half_a_character_in_utf16_is_told(tmp_path: Path) -> None:
    whole = (HEADER + "A,1,5,Mug\n").encode("utf-16") + b"B\x00,\x001\x00,\x005\x00,\x00\x00\xd8\n\x00"

    result = run(tmp_path, whole + b"C")

    assert bad(result) == [(3, "name:en"), (4, "")]
    assert skus() == ["A"]


@pytest.mark.usefixtures("app")
def test_a_line_of_many_megabytes_is_told_and_not_kept(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + "A,1,5,Mug\nB,1,5," + "x" * 9_000_000 + "\nC,1,5,Mug\n")

    assert bad(result) == [(3, "")]
    assert "longer" in result.bad[0].reason
    assert skus() == ["A", "C"]


@pytest.mark.usefixtures("app")
def test_a_carriage_return_inside_a_line_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + "A,1,5,Mug\rB,1,5,Mug\nC,1,5,Mug\n")

    assert bad(result) == [(2, "")]
    assert skus() == ["C"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text file"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "'sku'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel file"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
        ("sku,price_net\nA,1\n".encode("utf-32"), "UTF-32"),
        ("sku,price_net\nA,1\n".encode("utf-16-le"), "no text file"),
        (b"sku,price_net\rA,1\rB,2\r", "no text file"),
        (b"sk\xb3,price_net\nA,1\n", "not UTF-8"),
        (b"<html><body>Not found</body></html>", "sku"),
        (b"name:en,price_net\nMug,1\n", "'sku'"),
        (b"A-1,12.50,23\n", "'sku'"),
        (b"sku,prize_net\nA,1\n", "'price_net'"),
        (b"sku,name\nA,Mug\n", "'name:en'"),
        (b"sku,nmae:pl\nA,Mug\n", "'name:pl'"),
        (b"sku,name:english\nA,Mug\n", "language code"),
        (b"sku,colour\nA,red\n", "Known are"),
        (b"sku,price_net,price_net\nA,1,1\n", "twice"),
        (b"sku,name:en,NAME:EN\nA,1,1\n", "twice"),
        (b"sku,,price_net\nA,1,1\n", "no name"),
        (b'sku,"price_net\nA,1,1\n', "'sku'"),
        (b"x" * 5_000_000, "longer"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ImportFileError, match=words) as caught:
        run(tmp_path, content)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_folder_a_missing_file_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "missing.csv", tmp_path / "pipe", Path("/dev/zero"), Path("a" * 5000)):
        with pytest.raises(ImportFileError, match=r"no file|cannot be read"):
            import_catalog(path)


@pytest.mark.usefixtures("app")
def test_a_file_of_nothing_but_a_header_does_nothing(tmp_path: Path) -> None:
    assert figures(run(tmp_path, HEADER)) == (0, 0, 0, 0)


@pytest.mark.usefixtures("app")
def test_rubbish_never_ends_in_anything_but_told_lines(tmp_path: Path) -> None:
    dice = random.Random(7)
    alphabet = [b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"\xc5\x82", b"A", b"1", b";", b"=", b"'", b" "]
    for _ in range(40):
        rubbish = b"".join(dice.choices(alphabet, k=600))
        result = run(tmp_path, HEADER.encode() + rubbish + b"\nGOOD-1,1,5,Mug\n")
        assert "GOOD-1" in skus()
        assert all(cell.reason for cell in result.bad)
