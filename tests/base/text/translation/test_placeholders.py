"""What is no language and stays as it is."""

from __future__ import annotations

import pytest

from slmdesk.tasks.translation.preserved import is_code

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "text",
    ["transfac.wil", "BG", "HCF", "GM06990", "Cd20.jaspar.bg", "HAEpiC", "HMVEC-dBl-Ad", "SK-N-SH_RA", "-s [size]",
     "A_1 A_2 .....", ">ID1", "> g++ pscan_chip.cpp -o pscan_chip -O3", "> tar -xvf a.tar.gz", "[fileN]", "K562"],
)  # fmt: skip
def test_code_is_told(text):
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    ["INSTALL", "NOTE", "Check-in", "JASPAR 2014 matrices", "Chapter 3", "e.g.", "> I agree with you", "> Yes", "Hello",
     "Save as PDF", "and/or", "well-known", "Kapitel", "Page 5 of 7", "", "Open README.txt", "你好"],
)  # fmt: skip
def test_words_are_no_code(text):
    assert not is_code(text)
