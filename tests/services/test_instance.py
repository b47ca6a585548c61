"""Where the database of a running instance is, as its note says."""

from pathlib import Path

import pytest

from snowtrack.model.errors import StoreError
from snowtrack.services.instance import NOTE, database_url, noted_database
from snowtrack.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, [f"data.folder={tmp_path}"])


def test_the_embedded_database_is_where_the_note_says_while_it_runs(settings: Settings, tmp_path: Path) -> None:
    with noted_database(tmp_path, "postgresql:///here"):
        assert database_url(settings) == "postgresql:///here"
    with pytest.raises(StoreError, match="no snowtrack runs in"):
        database_url(settings)


@pytest.mark.parametrize("content", ["", "[]", "null", "5", '"text"', "{}", "{", '["database"]'])
def test_a_note_that_says_something_else_says_nothing(settings: Settings, tmp_path: Path, content: str) -> None:
    (tmp_path / NOTE).write_text(content)
    with pytest.raises(StoreError, match="no snowtrack runs in"):
        database_url(settings)
