"""Rights of files on Windows, as the system tells them; what asks the system is tried on Windows alone."""

from __future__ import annotations

import os

import pytest

from slmdesk.base import disks
from slmdesk.base.disks import is_private, others_in, owner_in, private_rights, why_not_ruled

pytestmark = pytest.mark.pure
ME, OTHER = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
RULED = "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
PROGRAM_DATA = (  # as Windows makes a folder there
    "O:BAG:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)"
)


@pytest.mark.parametrize("owner", ["BA", "SY", "S-1-5-18", "S-1-5-32-544", disks.TRUSTED_INSTALLER])
def test_what_administrators_alone_may_change(owner):
    assert why_not_ruled(RULED.replace("O:BA", f"O:{owner}"), "it") == ""
    assert owner_in(RULED.replace("O:BA", f"O:{owner}")) == owner


@pytest.mark.parametrize(
    "sddl",
    [
        RULED.replace("O:BA", f"O:{ME}"), RULED.replace("O:BA", "O:BU"), PROGRAM_DATA,
        f"{RULED}(A;;FW;;;BU)", f"{RULED}(A;;0x1301bf;;;AU)", f"{RULED}(A;;GA;;;WD)", f"{RULED}(A;;SD;;;{ME})",
        f"{RULED}(A;;WD;;;{ME})", f"{RULED}(A;;ODD;;;{ME})", f"{RULED}(A;;0xzz;;;{ME})", f"{RULED}(XA;;FW;;;{ME};x)",
        f"{RULED}(NEW;;FR;;;{ME})", f"{RULED}(A)", "O:BAG:SY", "O:BAG:SYD:NO_ACCESS_CONTROL", "", "nonsense",
        f"{RULED}(XA;;FW;;;{ME};(a == 1))",
    ],
)  # fmt: skip
def test_what_others_may_change_or_what_cannot_be_told(sddl):
    assert why_not_ruled(sddl, "its folder").startswith("its folder ")


def test_what_is_ones_own_others_may_not_change_either():
    mine = f"O:{ME}G:{ME}" + private_rights(ME)
    assert why_not_ruled(mine, "it", ME) == why_not_ruled(RULED, "it", ME) == ""
    assert why_not_ruled(mine, "it", OTHER) == "it does not belong to you or the administrators"
    assert why_not_ruled(f"{mine}(A;;FW;;;{OTHER})", "it", ME) == "it can be changed by others"


def test_rights_to_read_and_those_for_what_will_be_made_change_nothing():
    for entry in ("(A;OICIIO;GA;;;CO)", "(D;;FA;;;BU)", "(A;;FR;;;WD)", "(A;;FX;;;WD)", "(A;;0x120089;;;AU)"):
        assert why_not_ruled(RULED + entry, "it") == ""


def test_a_folder_of_ones_own():
    mine = f"O:{ME}G:{ME}" + private_rights(ME)
    assert is_private(mine, ME)
    assert is_private(f"{mine}S:AI(AU;;FA;;;WD)", ME)  # what is recorded gives no right
    assert is_private(mine.replace(f"O:{ME}", "O:BA"), ME)  # as an administrator's files have it
    assert not is_private(mine, OTHER)
    assert not is_private(f"O:{OTHER}G:{ME}" + private_rights(ME), ME)
    for entry in ("(A;;FR;;;BU)", f"(A;OICI;0x1200a9;;;{OTHER})", "(A;;RC;;;AU)", "(A;CI;LC;;;WD)"):
        assert not is_private(mine + entry, ME)
    drive = f"O:{ME}G:{ME}D:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)"
    assert not is_private(drive, ME)  # as below C:\\ and D:\\
    assert others_in(drive, {"BA", "SY", "S-1-5-18"}) == "BU"


@pytest.mark.skipif(os.name != "nt", reason="needs Windows")
def test_a_folder_is_given_to_its_owner(tmp_path):
    assert disks.give_to_owner(tmp_path)
    (tmp_path / "a").touch()
    assert is_private(disks.sddl_of(tmp_path / "a"), disks.user_sid())
    assert disks.program_data() is not None
