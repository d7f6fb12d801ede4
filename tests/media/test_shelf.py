import errno
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.errors import NotFound
from app.media import shelf as shelf_module
from app.media.shelf import FolderShelf, MemoryShelf, Shelf

OUTSIDE = ["", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "a//b", "a/", "C:/x", "C:x",
           "a\\..\\x", "nul\0.png", "x.png:stream"]  # fmt: skip


class ShelfContract:
    """What every shelf promises."""

    def test_what_was_written_is_read_back(self, shelf: Shelf):
        shelf.write("trip/day 1/cat.png", b"cat")

        assert shelf.read("trip/day 1/cat.png") == b"cat"
        assert shelf.exists("trip/day 1/cat.png")

    def test_names_may_be_in_any_script(self, shelf: Shelf):
        shelf.write("chuyến đi/猫-🐈.png", b"cat")

        assert shelf.read("chuyến đi/猫-🐈.png") == b"cat"

    def test_the_same_bytes_twice_are_a_success(self, shelf: Shelf):
        shelf.write("cat.png", b"cat")

        shelf.write("cat.png", b"cat")

        assert shelf.read("cat.png") == b"cat"

    def test_other_bytes_never_replace_a_file(self, shelf: Shelf):
        shelf.write("cat.png", b"cat")

        with pytest.raises(FileExistsError):
            shelf.write("cat.png", b"dog")

        assert shelf.read("cat.png") == b"cat"

    def test_of_many_writers_of_one_name_exactly_one_wins(self, shelf: Shelf):
        def attempt(number: int) -> bool:
            try:
                shelf.write("one.bin", bytes([number]) * 1000, part="one", durable=False)
            except FileExistsError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(attempt, range(16)))

        assert won.count(True) == 1
        assert shelf.read("one.bin") == bytes([won.index(True)]) * 1000

    def test_a_missing_file_says_its_name(self, shelf: Shelf):
        with pytest.raises(NotFound, match=r"gone/cat\.png") as caught:
            shelf.read("gone/cat.png")

        assert caught.value.code == "file_missing"
        assert not shelf.exists("gone/cat.png")

    def test_removing_twice_is_removing_once(self, shelf: Shelf):
        shelf.write("cat.png", b"cat")

        shelf.remove("cat.png")
        shelf.remove("cat.png")

        assert not shelf.exists("cat.png")

    def test_a_removed_name_is_free_again(self, shelf: Shelf):
        shelf.write("cat.png", b"cat")
        shelf.remove("cat.png")

        shelf.write("cat.png", b"dog", durable=False)

        assert shelf.read("cat.png") == b"dog"

    @pytest.mark.parametrize("name", OUTSIDE)
    @pytest.mark.parametrize("verb", ["read", "exists", "path", "remove"])
    def test_a_name_that_leaves_the_shelf_is_refused(self, shelf: Shelf, verb: str, name: str):
        with pytest.raises(ValueError, match="not a name inside a folder"):
            getattr(shelf, verb)(name)

    @pytest.mark.parametrize("name", OUTSIDE)
    def test_nothing_is_written_outside(self, shelf: Shelf, name: str):
        with pytest.raises(ValueError, match="not a name inside a folder"):
            shelf.write(name, b"x")

    def test_a_finished_write_leaves_nothing_to_sweep(self, shelf: Shelf):
        shelf.write("a/cat.png", b"cat", part="k3v9")

        assert shelf.sweep() == 0
        assert shelf.read("a/cat.png") == b"cat"

    def test_there_is_room(self, shelf: Shelf):
        assert shelf.free_bytes() > 0


class TestMemoryShelf(ShelfContract):
    @pytest.fixture
    def shelf(self):
        return MemoryShelf()

    def test_it_has_no_path(self, shelf: MemoryShelf):
        shelf.write("cat.png", b"cat")

        assert shelf.path("cat.png") is None


class TestFolderShelf(ShelfContract):
    @pytest.fixture
    def root(self, tmp_path: Path):
        return tmp_path / "not" / "there" / "yet"

    @pytest.fixture
    def shelf(self, root: Path):
        return FolderShelf(root)

    def test_the_file_lies_where_its_path_says(self, shelf: FolderShelf, root: Path):
        shelf.write("a/cat.png", b"cat")

        assert shelf.path("a/cat.png") == root / "a" / "cat.png"
        assert (root / "a" / "cat.png").read_bytes() == b"cat"

    def test_only_the_finished_file_is_left_in_the_folder(self, shelf: FolderShelf, root: Path):
        shelf.write("cat.png", b"cat")
        with pytest.raises(FileExistsError):
            shelf.write("cat.png", b"dog")

        assert [path.name for path in root.iterdir()] == ["cat.png"]

    def test_a_full_disk_leaves_neither_the_name_nor_a_part(
        self, shelf: FolderShelf, root: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(shelf_module, "_sync", full)
        root.mkdir(parents=True)

        with pytest.raises(OSError, match="No space left"):
            shelf.write("cat.png", b"cat")

        assert list(root.iterdir()) == []

    def test_parts_of_killed_writes_are_swept_and_nothing_else(
        self, shelf: FolderShelf, root: Path
    ):
        shelf.write("a/cat.png", b"cat")
        (root / "a" / ".k3v9-00ff.part").write_bytes(b"ca")
        (root / ".hidden").write_bytes(b"a person's file")

        swept = shelf.sweep()

        assert swept == 1
        assert shelf.read("a/cat.png") == b"cat"
        assert (root / ".hidden").exists()

    def test_without_hard_links_a_name_is_still_written_once(
        self, shelf: FolderShelf, monkeypatch: pytest.MonkeyPatch
    ):
        def unsupported(source: Path, target: Path) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", unsupported)
        shelf.write("cat.png", b"cat")
        shelf.write("cat.png", b"cat")

        with pytest.raises(FileExistsError):
            shelf.write("cat.png", b"dog")

        assert shelf.read("cat.png") == b"cat"

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fsync of folders")
    def test_bytes_are_synced_before_the_name_and_the_folder_after_it(
        self, shelf: FolderShelf, root: Path, monkeypatch: pytest.MonkeyPatch
    ):
        root.mkdir(parents=True)
        seen: list[tuple[bool, bool]] = []

        def watch(descriptor: int) -> None:
            is_file = not os.path.isdir(f"/dev/fd/{descriptor}")
            seen.append((is_file, shelf.exists("cat.png")))

        monkeypatch.setattr(shelf_module, "_sync", watch)
        shelf.write("cat.png", b"cat")

        assert seen == [(True, False), (False, True)]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fsync of folders")
    def test_new_folders_are_synced_into_their_parents(
        self, shelf: FolderShelf, root: Path, monkeypatch: pytest.MonkeyPatch
    ):
        synced: list[Path] = []
        monkeypatch.setattr(shelf_module, "sync_folder", synced.append)

        shelf.write("a/b/cat.png", b"cat")

        new = [root, root / "a", root / "a" / "b"]
        assert set(synced) >= {folder.parent for folder in new} | {root / "a" / "b"}

    def test_what_need_not_last_is_not_synced(
        self, shelf: FolderShelf, root: Path, monkeypatch: pytest.MonkeyPatch
    ):
        root.mkdir(parents=True)
        synced: list[int] = []
        monkeypatch.setattr(shelf_module, "_sync", synced.append)

        shelf.write("small.webp", b"cat", durable=False)

        assert synced == []


def test_every_shelf_has_its_suite_and_none_replaces_a_promise():
    suites = ShelfContract.__subclasses__()
    promised = {name for name in vars(ShelfContract) if name.startswith("test_")}

    assert {f"Test{kind.__name__}" for kind in Shelf.__subclasses__()} == {
        suite.__name__ for suite in suites
    }
    assert not any(promised & set(vars(suite)) for suite in suites)
