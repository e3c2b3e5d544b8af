"""OPS-11: configuration comes from the environment, is checked at the start, and production refuses defaults."""

import base64
from pathlib import Path

import msgspec
import pytest

from entrypoints.settings import Settings, load, markdown_table
from entrypoints.settings_checks import SettingsError

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PRODUCTION = {
    "HALAQA_ENV": "production",
    "HALAQA_MAIN_URL": "https://school.example",
    "HALAQA_ADMIN_URL": "https://staff.school.example",
    "HALAQA_DATABASE_URL": "postgresql://halaqa:pass@db/halaqa",
    "HALAQA_REDIS_URL": "redis://cache/0",
    "HALAQA_SECRET_KEY": "s" * 40,
    "HALAQA_ENCRYPTION_KEYS": KEY,
    "HALAQA_SANDBOX_SECRET_KEY": "a" * 40,
    "HALAQA_SANDBOX_WEBHOOK_SECRETS": "w" * 40,
}


def test_a_laptop_needs_no_settings_at_all() -> None:
    settings = load({})

    assert settings.main_url == "http://localhost:8000"
    assert settings.data.is_absolute()
    assert not settings.production


def test_values_are_converted_to_the_type_of_their_field() -> None:
    settings = load(
        {"HALAQA_MAIN_PORT": "9000", "HALAQA_TRUSTED_HOSTS": "a.example, b.example", "HALAQA_REDIS_URL": ""}
    )

    assert settings.main_port == 9000
    assert settings.main_url == "http://localhost:9000"
    assert settings.trusted_hosts == ("a.example", "b.example")


def test_a_secret_may_come_from_a_mounted_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")

    assert load({"HALAQA_SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "from-a-file"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("HALAQA_POOL_SIZE", "many", "expected int"),
        ("HALAQA_POOL_SIZE", "1", ">= 2"),
        ("HALAQA_ENV", "prod", "expected one of development, production"),
        ("HALAQA_MAIN_PORT", "70000", "<= 65535"),
        ("HALAQA_MAIN_PORT", "8001", "three different"),
        ("HALAQA_MAIN_URL", "school.example", "should look like https://"),
        ("HALAQA_DATABASE_URL", "mysql://root:hunter2@db/x", "should start with postgres://"),
        ("HALAQA_SCHOOL_ZONE", "PKT", "IANA"),
        ("HALAQA_ENCRYPTION_KEYS", "short", "32 bytes"),
        ("HALAQA_ADMIN_COPY_EMAIL", "nobody", "not an e-mail address"),
        ("HALAQA_SECRET_KEY_FILE", "/does/not/exist", "cannot be read"),
        ("HALAQA_CACHE", "disk", "expected one of redis, memory"),
        ("HALAQA_STATIC_URL", "cdn.example", "should look like https://cdn.example"),
        ("HALAQA_STATIC_URL", "https://cdn.example/?school", "should look like https://cdn.example"),
        ("HALAQA_STATIC_URL", "https://cdn.example; script-src *", "should look like https://cdn.example"),
        ("HALAQA_STATIC_URL", "https://user@cdn.example", "should look like https://cdn.example"),
        ("HALAQA_DATABSE_URL", "postgresql://db/x", "did you mean HALAQA_DATABASE_URL?"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_it(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value})

    line = str(caught.value)
    assert line.startswith(name)
    assert reason in line
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HALAQA_SECRET_KEY and HALAQA_SECRET_KEY_FILE are both set"):
        load({"HALAQA_SECRET_KEY": "a", "HALAQA_SECRET_KEY_FILE": str(tmp_path)})


def test_production_starts_with_values_of_its_own() -> None:
    assert load(PRODUCTION).production


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"HALAQA_ENV"}))
def test_production_refuses_what_a_laptop_gets_by_default(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize("name", ["HALAQA_SECRET_KEY", "HALAQA_SANDBOX_SECRET_KEY", "HALAQA_SANDBOX_WEBHOOK_SECRETS"])
@pytest.mark.parametrize("value", ["short", "development-only-something-quite-long-enough"])
def test_production_refuses_weak_secrets_and_does_not_repeat_them(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load(PRODUCTION | {name: value})

    assert value not in str(caught.value).replace("shorter", "")


def test_production_refuses_plain_http() -> None:
    with pytest.raises(SettingsError, match="HALAQA_MAIN_URL must start with https://"):
        load(PRODUCTION | {"HALAQA_MAIN_URL": "http://school.example"})
    with pytest.raises(SettingsError, match="HALAQA_STATIC_URL must start with https://"):
        load(PRODUCTION | {"HALAQA_STATIC_URL": "http://cdn.example"})


def test_static_files_come_from_below_the_address_given() -> None:
    assert load({"HALAQA_STATIC_URL": "https://cdn.example/school/"}).static_url == "https://cdn.example/school"


def test_every_setting_is_in_the_table_and_no_secret_is() -> None:
    table = markdown_table()

    for name in Settings.__struct_fields__:
        assert f"`HALAQA_{name.upper()}`" in table
    assert "of-nobody" not in table
    assert all(len(field.type.__metadata__) for field in msgspec.structs.fields(Settings))
