"""Settings from the environment: what is read, and what a wrong value is answered with."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from aquamind import environment

BASE = Path("/srv/aquamind")


def database(url: str) -> dict[str, object]:
    """Read `url` as DATABASE_URL."""
    return environment.database({"DATABASE_URL": url}, BASE)


class DatabaseUrlTests(SimpleTestCase):
    """DATABASE_URL."""

    def test_all_parts_are_read_and_decoded(self) -> None:
        entry = database("postgresql://ann:p%40ss%2Fword@db.example.org:5433/aqua?sslmode=verify-full")
        self.assertEqual(entry["NAME"], "aqua")
        self.assertEqual(entry["USER"], "ann")
        self.assertEqual(entry["PASSWORD"], "p@ss/word")
        self.assertEqual((entry["HOST"], entry["PORT"]), ("db.example.org", "5433"))
        self.assertEqual(entry["OPTIONS"], {"sslmode": "verify-full", "options": "-c search_path=public"})

    def test_folder_of_unix_sockets(self) -> None:
        entry = database("postgres://ann:x@/aqua?host=/run/pg&port=5439")
        self.assertEqual((entry["HOST"], entry["PORT"], entry["NAME"]), ("/run/pg", "5439", "aqua"))

    def test_own_options_are_kept(self) -> None:
        entry = database("postgresql://h/aqua?options=-c%20search_path%3Dfarm")
        self.assertEqual(entry["OPTIONS"], {"options": "-c search_path=farm"})

    def test_password_is_not_shown_with_the_settings(self) -> None:
        self.assertNotIn("hunter2", repr(database("postgresql://ann:hunter2@h/aqua")))

    def test_sqlite(self) -> None:
        for url, name in (
            ("sqlite:///:memory:", ":memory:"),
            ("sqlite://", ":memory:"),
            ("sqlite:///a%20b.db", "/srv/aquamind/a b.db"),
            ("sqlite:////tmp/a.db", "/tmp/a.db"),  # noqa: S108 - nothing is written there
        ):
            with self.subTest(url):
                self.assertEqual(database(url)["NAME"], name)

    def test_wrong_urls_are_refused_in_one_line_without_the_password(self) -> None:
        for url in (
            "",
            "hunter2",
            "mysql://ann:hunter2@h/aqua",
            "postgresql:ann:hunter2@h/aqua",
            "postgresql://ann:hunter2%zz@h/aqua",
            "postgresql://ann:hunter2@h:port/aqua",
            "postgresql://ann:hunter2@h:99999/aqua",
            "postgresql://ann:hunter2@h/aqua?no_such_option=1",
            "postgresql://ann:hunter2@h",
            "sqlite://hunter2/aqua",
        ):
            with self.subTest(url), self.assertRaisesRegex(ImproperlyConfigured, "^DATABASE_URL") as caught:
                database(url)
            message = str(caught.exception)
            self.assertNotIn("hunter2", message)
            self.assertNotIn("\n", message)


class OtherSettingsTests(SimpleTestCase):
    """DEBUG, SECRET_KEY and the rest."""

    def test_flags(self) -> None:
        self.assertFalse(environment.flag({}, "DEBUG"))
        self.assertTrue(environment.flag({"DEBUG": "Yes"}, "DEBUG"))
        self.assertFalse(environment.flag({"DEBUG": "0"}, "DEBUG", default=True))
        with self.assertRaisesMessage(ImproperlyConfigured, "DEBUG must be true or false, not 'maybe'"):
            environment.flag({"DEBUG": "maybe"}, "DEBUG")

    def test_numbers(self) -> None:
        self.assertEqual(environment.whole_number({}, "AGE", default=60), 60)
        self.assertEqual(environment.whole_number({"AGE": " 5 "}, "AGE", default=60), 5)
        for wrong in ("-1", "1.5", "ten"):
            with self.assertRaisesMessage(ImproperlyConfigured, "AGE must be a whole number"):
                environment.whole_number({"AGE": wrong}, "AGE", default=60)

    def test_names(self) -> None:
        self.assertEqual(environment.names({"HOSTS": " a, b ,,"}, "HOSTS"), ["a", "b"])
        self.assertEqual(environment.names({}, "HOSTS", default=("c",)), ["c"])

    def test_secret_key(self) -> None:
        self.assertEqual(environment.secret_key({"SECRET_KEY": "short"}, debug=True), "short")
        with self.assertRaisesMessage(ImproperlyConfigured, "shorter than 32"):
            environment.secret_key({"SECRET_KEY": "short"}, debug=False)
        self.assertNotIn("short", repr(environment.secret_key({"SECRET_KEY": "short"}, debug=True)))

    def test_secret_key_is_needed_to_serve_only(self) -> None:
        first, second = (environment.secret_key({}, debug=False) for _ in range(2))
        self.assertNotEqual(first, second)
        self.assertGreaterEqual(len(first), 32)
        environment.require_secret_key({}, debug=True)
        environment.require_secret_key({"SECRET_KEY": "x" * 32}, debug=False)
        with self.assertRaisesMessage(ImproperlyConfigured, "SECRET_KEY is not set"):
            environment.require_secret_key({}, debug=False)
