"""Where a setting may come from, and what is said about a wrong one."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from snowtrack.model.errors import ConfigError
from snowtrack.settings import Settings, as_environment, load_settings

NOTHING = {"SNOWTRACK_CONFIG": ""}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "snowtrack.toml"
    path.write_text('[api]\nport = 8101\nhost = "127.0.0.2"\n[broker]\nport = 8102\n')
    return path


def refusal(file: Path | None = None, environment: dict[str, str] | None = None, flags: list[str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, NOTHING if environment is None else environment, flags or [])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_flags_stand_over_the_environment_and_that_over_the_file(file: Path) -> None:
    environment = {"SNOWTRACK_API_PORT": "8201", "SNOWTRACK_BROKER_PORT": "8202"}
    settings = load_settings(file, environment, ["api.port=8301"])
    assert (settings.api.host, settings.broker.port, settings.api.port) == ("127.0.0.2", 8202, 8301)


def test_the_last_flag_of_a_key_counts() -> None:
    assert load_settings(None, NOTHING, ["api.port=1", "api.port=2"]).api.port == 2


def test_the_file_may_be_named_by_the_environment(file: Path) -> None:
    assert load_settings(None, {"SNOWTRACK_CONFIG": str(file)}).api.port == 8101


def test_an_empty_name_of_the_file_means_that_no_file_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "config").mkdir()
    file.rename(file.parent / "config" / "snowtrack.toml")
    monkeypatch.chdir(file.parent)
    assert load_settings(None, {}).api.port == 8101
    assert load_settings(None, NOTHING).api.port == Settings().api.port


def test_without_a_file_all_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().api.port = 1


def test_a_child_process_reads_back_what_its_parent_had(file: Path) -> None:
    settings = load_settings(
        file, NOTHING, ["network.folder=/roads", "engine.lag_s=0.25", "database.url=postgresql://u:p%20w@h/d"]
    )
    assert load_settings(None, as_environment(settings)) == settings


def test_the_program_s_other_variables_are_no_settings() -> None:
    environment = {"SNOWTRACK_SUPERVISED": "1", "SNOWTRACK_TEST_TIMESCALE_URL": "x", **NOTHING}
    assert load_settings(None, environment) == Settings()


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("api.prot=8090", "--set api.prot: unknown key; expected one of host, port"),
        ("ap.port=8090", "--set ap.port: ap: unknown group; expected one of data, broker"),
        ("api.port=many", "--set api.port: 'many' does not fit: expected a whole number"),
        ("api.port=70000", "--set api.port: '70000' does not fit: expected at most 65535"),
        ("api.port=0", "--set api.port: '0' does not fit: expected at least 1"),
        ("ingest.batch_s=0", "--set ingest.batch_s: '0' does not fit: expected more than 0"),
        ("ingest.batch_s=soon", "--set ingest.batch_s: 'soon' does not fit: expected a number"),
        ("ingest.batch_s=inf", "--set ingest.batch_s: 'inf' does not fit: expected a finite number"),
        ("ingest.batch_s=nan", "--set ingest.batch_s: 'nan' does not fit: expected a finite number"),
        ("engine.lag_s=inf", "--set engine.lag_s: 'inf' does not fit"),
        ("engine.lagg_s=1", "--set engine.lagg_s: unknown key; expected one of lag_s, late_s"),
        ("log.level=loud", "--set log.level: 'loud' does not fit: expected what matches ^(debug|info|warning|error)$"),
        ("api.port", "--set api.port: expected group.key=value"),
        ("port=1", "--set port=1: expected group.key=value"),
    ],
)
def test_a_wrong_flag_is_named_with_what_was_expected(flag: str, said: str) -> None:
    assert refusal(flags=[flag]).startswith(said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "SNOWTRACK_API_PROT",
            "1",
            "environment SNOWTRACK_API_PROT: api.prot: unknown key; expected one of host, port",
        ),
        ("SNOWTRACK_API", "1", "environment SNOWTRACK_API: api: unknown key; expected one of host, port"),
        ("SNOWTRACK_NOTHING_AT_ALL", "1", "environment SNOWTRACK_NOTHING_AT_ALL: nothing: unknown group"),
        ("SNOWTRACK_API_PORT", "x", "environment SNOWTRACK_API_PORT: api.port: 'x' does not fit: expected a whole"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_expected(name: str, value: str, said: str) -> None:
    assert refusal(environment={**NOTHING, name: value}).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[api]\nprot = 1\n", "api.prot: unknown key; expected one of host, port"),
        ("[ap]\nport = 1\n", "ap: unknown group; expected one of data"),
        ('[api]\nport = "x"\n', "api.port: 'x' does not fit: expected a whole number"),
        ("[api]\nport = [1]\n", "api.port: [1] does not fit: expected a whole number"),
        ("[api]\nport = true\n", "api.port: True does not fit: no key takes true or false"),
        ("[api]\nport = 1.5\n", "api.port: 1.5 does not fit: expected a whole number"),
        ("[ingest]\nbatch_s = false\n", "ingest.batch_s: False does not fit: no key takes"),
        ("[broker]\nurl = 5\n", "broker.url: 5 does not fit: expected a text"),
        ("port = 1\n", "port: expected a group, one of [data], [broker]"),
        ("[api\n", "this is not TOML: "),
    ],
)
def test_a_fault_in_the_file_is_named_with_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    assert refusal(path).startswith(f"{path}: {said}")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe")
    assert refusal(path).startswith(f"{path}: this is not TOML")


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.toml") == f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"
    assert "cannot be read" in refusal(environment={"SNOWTRACK_CONFIG": str(tmp_path)})


def test_the_fault_is_told_of_the_source_that_counts(file: Path) -> None:
    assert refusal(file, NOTHING, ["api.port=x"]).startswith("--set api.port: ")
    assert load_settings(file, NOTHING, ["api.port=1"]).api.port == 1
