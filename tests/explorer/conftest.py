import pytest

from ogive.explorer import write_site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site."""
    return write_site(tmp_path_factory.mktemp("site")).parent
