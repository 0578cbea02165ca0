"""Where a folder lies: what Linux says of mounts, what programs that sync leave behind, rights that have no effect."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slmdesk.base.disks import Place, file_system_of, is_open_to_others, place_of, synced_by

pytestmark = pytest.mark.pure

MOUNTS = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:20 / /proc rw,nosuid - proc proc rw
30 21 0:41 / /home rw,relatime shared:7 - nfs4 server:/export/home rw,vers=4.2
31 30 8:17 / /home/anna/stick rw - vfat /dev/sdb1 rw,fmask=0022
32 21 0:50 / /mnt/team\040share rw - cifs //server/team rw
33 21 0:51 / /srv rw - ext4 /dev/sdc1 rw
34 21 0:52 / /srv rw master:3 propagate_from:2 - fuse.sshfs you@server: rw
odd line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"), ("/home/anna/.local/share/slmdesk", "nfs4"), ("/home/anna/stick/slmdesk", "vfat"),
        ("/homework", "ext4"), ("/mnt/team share/slmdesk", "cifs"), ("/srv/slmdesk", "fuse.sshfs"), ("/", "ext4"),
    ],
)  # fmt: skip
def test_the_nearest_mount_counts_and_of_two_at_one_place_the_last(folder, kind):
    assert file_system_of(Path(folder), MOUNTS) == kind


def test_what_linux_says_is_understood_here(tmp_path):
    if Path("/proc/self/mountinfo").exists():
        assert file_system_of(Path("/proc"), Path("/proc/self/mountinfo").read_text()) == "proc"
    assert place_of(tmp_path).network == ""


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (".dropbox.cache", "Dropbox"), (".nextcloudsync.log", "Nextcloud"),
        (".sync_4711abcdef.db", "Nextcloud"), ("._sync_4711abcdef.db", "Nextcloud"), (".stfolder", "Syncthing"),
        (".tmp.drivedownload", "Google Drive"), (".SynologyWorkingDirectory", "Synology Drive"),
    ],
)  # fmt: skip
def test_folders_are_synced_where_a_program_left_its_mark_above_them(tmp_path, mark, name):
    inside = tmp_path / "synced" / "work" / "slmdesk"
    inside.mkdir(parents=True)
    (tmp_path / "beside").mkdir()
    assert place_of(inside).synced == ""
    (tmp_path / "synced" / mark).touch()
    assert place_of(inside).synced == name
    assert place_of(tmp_path / "beside").synced == ""
    link = tmp_path / "beside" / "link"
    link.symlink_to(inside)
    assert place_of(link) == Place(link, place_of(inside).is_open, "", name)  # it is where it leads to


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/anna/OneDrive/slmdesk", "OneDrive"), ("/home/anna/OneDrive - Example Ltd/a", "OneDrive"),
        ("/Users/anna/Library/Mobile Documents/com~apple~CloudDocs/a", "iCloud Drive"),
        ("/home/anna/OneDriveX/a", ""), ("/home/anna/My OneDrive notes", ""),
    ],
)  # fmt: skip
def test_some_are_known_by_name(path, name):
    assert synced_by(Path(path), lambda _folder: iter(())) == name


def test_a_folder_that_others_may_read(tmp_path):
    tmp_path.chmod(0o700)
    assert not is_open_to_others(tmp_path)
    for mode in (0o750, 0o705, 0o755, 0o777):
        tmp_path.chmod(mode)
        assert is_open_to_others(tmp_path)
    tmp_path.chmod(0o700)
    if os.name != "nt" and os.geteuid() == 0:
        os.chown(tmp_path, 424242, -1)
        assert is_open_to_others(tmp_path)
    assert not is_open_to_others(tmp_path / "not there")
