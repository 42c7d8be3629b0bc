"""Builds the explorer into the wheel, so that it opens without what writes it."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent / "src"))


class BuildWithExplorer(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            from ogive.explorer.site import ARCHIVE, write_archive

            write_archive(Path(self.build_lib) / "ogive" / "explorer" / ARCHIVE)


setup(cmdclass={"build_py": BuildWithExplorer})
