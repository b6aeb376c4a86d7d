from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from node.testing.traces import as_typed, shown_in, shown_on_disk


@pytest.mark.parametrize("word", ["Квазимодей", "kvazimodey", "9990427613"])
def test_a_word_is_found_in_any_of_the_encodings(word: str) -> None:
    for encoded in (
        f"xx{word}yy".encode(),
        f"x{word}yy".encode("utf-16-le"),
        base64.b64encode(f"a{word}bbb".encode()),
        base64.urlsafe_b64encode(f"aa{word}bbb".encode()),
        f"xx{word}".encode().hex().encode(),
        json.dumps({"name": word}).encode(),
        quote_plus(f"xx {word}").encode(),
        quote(word).lower().encode(),
        word.casefold().encode(),
    ):
        assert shown_in(encoded, [word]), encoded


def test_files_and_their_names_are_searched_but_not_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    (tmp_path / "left").mkdir()
    (tmp_path / "kept" / "deep" / "log").write_bytes(b"\0\1" + quote("Хвалибогов").encode())
    (tmp_path / "kept" / "hvalibogov.jpg").touch()
    (tmp_path / "left" / "log").write_text("Хвалибогов")
    words = ["Хвалибогов", "hvalibogov", "Полнолуния"]

    found = shown_on_disk(tmp_path, words, but=[tmp_path / "left"])

    assert found == {"kept/deep/log": ["Хвалибогов"], "kept/hvalibogov.jpg": ["hvalibogov"]}
    assert shown_on_disk(tmp_path, words[:1], spelled=as_typed) == {"left/log": ["Хвалибогов"]}
