"""URLs of services: taken apart, and refused without repeating what may be a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.config import load_project
from pgwright.config.service import Service, parse_service
from pgwright.errors import ConfigError


def parsed(text: str) -> Service:
    return parse_service("cache", text, place="here")


@pytest.mark.parametrize(
    ("text", "place", "login", "database"),
    [
        ("redis://localhost", "localhost:6379", ("", ""), 0),
        (" redis://localhost:6380/2\n", "localhost:6380", ("", ""), 2),
        ("redis://h/2?db=3", "h:6379", ("", ""), 3),
        ("rediss://:p%40%2F@h:6380/", "h:6380", ("", "p@/"), 0),
        ("REDIS://jo:pw@[::1]:1/0", "[::1]:1", ("jo", "pw"), 0),
        ("redis://h?username=jo&password=p%40", "h:6379", ("jo", "p@"), 0),
        ("unix:///run/redis.sock", "socket /run/redis.sock", ("", ""), 0),
        ("unix://jo:pw@/run/r%20s.sock?db=4", "socket /run/r s.sock", ("jo", "pw"), 4),
        ("tcp://mail:25", "mail:25", ("", ""), 0),
    ],
)
def test_parts(text: str, place: str, login: tuple[str, str], database: int) -> None:
    found = parsed(text)
    assert (found.place, (found.user, found.password), found.database) == (place, login, database)
    assert found.is_redis is (not text.startswith("tcp"))
    assert found.password not in repr(found) or not found.password


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("hunter2", "is no URL"),
        ("hunter2:6379", "is no URL"),
        ("redis:/hunter2", "is no URL"),
        ("http://:hunter2@h", "begins with http://"),
        ("redi://:hunter2@h", "did you mean redis://?"),
        ("redis://", "names no host"),
        ("redis://:hunter2@", "names no host"),
        ("redis://:hunter2@:6379", "names no host"),
        ("redis://:hunter2@h:port", "port must be a number"),
        ("redis://:hunter2@h:0", "port must be a number"),
        ("redis://:hunter2@h:70000", "port must be a number"),
        ("redis://:hunter2@h/name", "database must be a number"),
        ("redis://:hunter2@h?db=name", "database must be a number"),
        ("redis://:hun ter2@h", "there is a blank"),
        ("redis://jo:hunter2#x@h", "port must be a number"),
        ("redis://jo:12/hunter2@h", "is not encoded"),
        ("redis://jo:12?hunter2@h", "is not encoded"),
        ("redis://jo:12#hunter2@h", "is not encoded"),
        ("redis://[:hunter2", "port must be a number"),
        ("unix://run/hunter2", "third slash"),
        ("unix://", "names no socket"),
        ("tcp://h", "needs a host and a port"),
        ("tcp://:hunter2@h:1", "nothing more"),
        ("tcp://h:1/hunter2", "nothing more"),
    ],
)
def test_malformed(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert says in caught.value.message
    assert "service cache" in caught.value.message
    assert caught.value.detail == "here"
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value) and "ter2" not in str(caught.value)


def test_services_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "service=x"\n'
        '[services]\nredis = "${REDIS_URL}"\nqueue = "${QUEUE_URL}"\nbad = "htp://x"\nold = "${OLD"\n'
    )
    (tmp_path / ".env").write_text("REDIS_URL=redis://:hunter2@file/1\n")
    project = load_project(tmp_path, environ={})
    assert project.database().url == "service=x", "a service stands in nobody's way"
    assert "hunter2" not in repr(project)
    redis, queue, bad, old = project.services
    assert (redis.name, redis.place, redis.password, redis.problem) == ("redis", "file:6379", "hunter2", None)
    for service, says, line in (
        (queue, "environment variable QUEUE_URL is not set", 5),
        (bad, "begins with htp://", 6),
        (old, "malformed variable in [services] old", 7),
    ):
        assert service.problem is not None
        assert says in service.problem.message
        assert f"{tmp_path / 'pgwright.toml'}, line {line}" in (service.problem.detail or "")
    assert load_project(tmp_path, environ={"REDIS_URL": "tcp://h:1"}).services[0].place == "h:1"


@pytest.mark.parametrize("text", ["[services]\nredis = 6379\n", "[services.redis]\nurl = 'redis://h'\n"])
def test_a_service_is_a_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "pgwright.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"\[services\] redis must be a text"):
        load_project(tmp_path, environ={})
