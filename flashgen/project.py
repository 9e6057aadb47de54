"""A project: its folder, its settings, and what they lead to: sale files, targets, stores, the secret."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.addresses import checked_distribution, checked_endpoint, checked_region, checked_store, checked_url
from flashgen.aws.secrets import read_secret
from flashgen.document.parse import Document, read_document
from flashgen.document.validation import Model, validate
from flashgen.document.wording import suggestion
from flashgen.errors import InvalidInput, Problem, Refused, Where
from flashgen.page.headers import checked_page_cache, page_cache
from flashgen.sale.instant import seconds
from flashgen.store import Store
from flashgen.store.opening import open_cdn, open_store
from flashgen.store.protocol import Cdn

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTINGS = "flashgen.yaml"
LOCAL = "local"
"""The target on this machine. It alone makes its own secret, while its store is a folder."""

_DAY_SECONDS = 86_400


def _duration(value: object) -> int:
    return seconds(value, 0, 7 * _DAY_SECONDS)


class Target(Model):
    """A place to push to."""

    store: Annotated[str, AfterValidator(checked_store)] = Field(
        description="`dir:PATH`, relative to the project, or `s3://BUCKET[/PREFIX]`."
    )
    url: Annotated[str, AfterValidator(checked_url)] | None = Field(
        default=None, description="Where the public sees it."
    )
    endpoint_url: Annotated[str, AfterValidator(checked_endpoint)] | None = Field(
        default=None, description="For any other S3-compatible store."
    )
    region: str | None = Field(default=None, description="The bucket's region.")
    distribution: Annotated[str, AfterValidator(checked_distribution)] | None = Field(
        default=None, description="CloudFront; without it nothing is invalidated."
    )
    page_cache_control: Annotated[str, AfterValidator(checked_page_cache)] | None = Field(
        default=None, description="The Cache-Control of pages; without it, what fits the target."
    )

    @field_validator("region")
    @classmethod
    def _checked_region(cls, region: str | None, fields: ValidationInfo) -> str | None:
        """By the rules of AWS, unless there is an `endpoint_url`, if only one that does not fit either."""
        is_aws = fields.data.get("endpoint_url", "unfit") is None
        return checked_region(region, is_aws=is_aws) if region else region


class FreezeSettings(Model):
    """How long around the start of a sale push and prune refuse; in seconds."""

    before: Annotated[int, BeforeValidator(_duration)] = 30 * 60
    after: Annotated[int, BeforeValidator(_duration)] = 2 * 3600


class ProjectSettings(Model):
    """What flashgen.yaml may say. Everything has a default."""

    default_target: str = LOCAL
    secret: str | None = None
    freeze: FreezeSettings = FreezeSettings()
    targets: dict[str, Target] = Field(default_factory=dict, validate_default=True)

    @field_validator("targets")
    @classmethod
    def _with_local(cls, targets: dict[str, Target]) -> dict[str, Target]:
        """A file that names production alone still has the target on this machine."""
        return {LOCAL: Target(store="dir:.flashgen/store", url="http://127.0.0.1:8080"), **targets}


@dataclass(frozen=True)
class Project:
    """A folder with sales in it. `root` is where flashgen.yaml lies, or would."""

    root: Path
    settings: ProjectSettings

    @property
    def build_folder(self) -> Path:
        """Where builds go unless told otherwise."""
        return self.root / "build"

    def sale_path(self, sale: str) -> Path:
        """The YAML of a sale. Raises Refused when there is none, with the nearest name."""
        path = self.root / "sale_configs" / f"{sale}.yaml"
        if path.is_file():
            return path
        known = [other.stem for other in self._all_sale_paths()]
        if not known:
            raise Refused(f"no sale `{sale}`: {path.parent} holds none", f"flashgen new {sale}")
        raise Refused(f"no sale `{sale}` in {path.parent}", suggestion(sale, known))

    def sale_paths(self, sales: Sequence[str]) -> tuple[Path, ...]:
        """The YAML files of `sales`, or of all, sorted. Raises InvalidInput when there are none at all."""
        if sales:
            return tuple(self.sale_path(sale) for sale in dict.fromkeys(sales))
        paths = self._all_sale_paths()
        if not paths:
            where = Where(self.root / "sale_configs")
            raise InvalidInput([Problem(where, "no sales here", "write one with `flashgen new black-friday`")])
        return paths

    def _all_sale_paths(self) -> tuple[Path, ...]:
        return tuple(sorted((self.root / "sale_configs").glob("*.yaml")))

    def target(self, name: str | None) -> tuple[str, Target]:
        """A target by name, or the default one."""
        wanted = name or self.settings.default_target
        if wanted not in self.settings.targets:
            raise Refused(f"no target `{wanted}` in {self.root / SETTINGS}", suggestion(wanted, self.settings.targets))
        return wanted, self.settings.targets[wanted]

    def store(self, name: str | None) -> Store:
        """The store of a target. Nothing is read or sent yet."""
        target = self.target(name)[1]
        return open_store(target.store, self.root, region=target.region, endpoint_url=target.endpoint_url)

    def cdn(self, name: str | None) -> Cdn | None:
        """The CDN before a target's store, to be told what has changed; None where the target names none."""
        return open_cdn(self.target(name)[1].distribution)

    def page_cache(self, name: str | None) -> str:
        """The Cache-Control of pages in a target: its own, else a day at a CDN that push invalidates, else a minute."""
        target = self.target(name)[1]
        return target.page_cache_control or page_cache(is_invalidated=bool(target.distribution))

    def secret(self, name: str | None, *, make: bool = True) -> str:
        """The signing secret's text for a target. The local target makes its own, once, readable by its owner alone.

        Without `make` a missing one is Refused.
        """
        wanted, target = self.target(name)
        if self.settings.secret:
            return read_secret(self.settings.secret, self.root, target.region)
        if wanted != LOCAL or not target.store.startswith("dir:"):
            raise Refused(
                f"target `{wanted}` needs a secret to sign order tokens with, and flashgen.yaml names none",
                "add `secret: env:FLASHGEN_SECRET` to flashgen.yaml; make one with `openssl rand -hex 32`",
            )
        path = self.root / ".flashgen" / "secret"
        if make:
            _make_secret(path)
        elif not path.exists():
            raise Refused(
                f"{path} is missing, and a new secret would not be the one that signed the order tokens",
                "copy it from where `flashgen go-live` ran",
            )
        return read_secret(f"file:{path}", self.root)


def find_project(start: Path, *, exactly: bool) -> Project:
    """The project around `start`: the nearest folder upwards with a flashgen.yaml, or `start` itself."""
    start = start.resolve()
    if exactly and not start.is_dir():
        raise Refused(f"no such folder: {start}")
    around = [start] if exactly else [start, *start.parents]
    root = next((folder for folder in around if (folder / SETTINGS).is_file()), start)
    return Project(root, read_settings(root / SETTINGS))


def read_settings(path: Path) -> ProjectSettings:
    """The settings of a file, or the defaults if there is none. Raises InvalidInput with every problem."""
    if not path.is_file():
        return ProjectSettings()
    try:
        return _settings(read_document(path))
    except InvalidInput as error:
        raise InvalidInput(map(_without_credentials, error.problems)) from None


def _settings(document: Document) -> ProjectSettings:
    settings, problems = validate(ProjectSettings, document.data, document)
    if settings is None:
        raise InvalidInput(problems)
    if settings.default_target not in settings.targets:
        hint = suggestion(settings.default_target, settings.targets)
        message = f"`default_target` must be one of the targets, found {settings.default_target}"
        raise InvalidInput([document.problem(("default_target",), message, hint)])
    return settings


def _without_credentials(problem: Problem) -> Problem:
    """A line with an `@` may hold a password in a URL, whatever is wrong in it: then it is not shown."""
    if "@" not in problem.message + problem.quote:
        return problem
    return replace(problem, message=problem.message.partition(", found ")[0], quote="")


def _make_secret(path: Path) -> None:
    """Create the file with its final content and mode in one step, unless somebody else has already."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"secret-{secrets.token_hex(4)}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
