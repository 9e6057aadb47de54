"""A project: its folder, its settings, and what they name: sale files, targets, stores, the secret."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.addresses import (
    BucketAddress,
    FolderAddress,
    checked_distribution,
    checked_endpoint,
    checked_region,
    checked_store,
    checked_url,
    is_loopback,
    parse_store,
)
from flashgen.aws.cloudfront import CloudFront
from flashgen.aws.secrets import read_secret
from flashgen.document.parse import Document, read_document
from flashgen.document.validation import Model, validate
from flashgen.document.wording import suggestion
from flashgen.document.yaml_files import is_left_behind, yaml_file, yaml_files
from flashgen.errors import InvalidInput, Problem, Refused, Where
from flashgen.hooks.settings import Hook, distinct_names
from flashgen.page.headers import checked_page_cache, page_cache
from flashgen.sale.instant import seconds
from flashgen.sale.load import SETTINGS_STEM
from flashgen.sale.text import yes_or_no
from flashgen.store import FolderStore, S3Store, Store
from flashgen.store.protocol import Cdn

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL = "local"
"""The target on this machine. Only this one makes its own secret, and only if its store is a folder."""

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

    @property
    def address(self) -> FolderAddress | BucketAddress:
        """The parsed `store`."""
        return parse_store(self.store)

    @field_validator("region")
    @classmethod
    def _checked_region(cls, region: str | None, fields: ValidationInfo) -> str | None:
        """Check by the rules of AWS if there is no `endpoint_url`. An invalid one is missing from the data."""
        is_aws = fields.data.get("endpoint_url", "invalid") is None
        return checked_region(region, is_aws=is_aws) if region else region


class FreezeSettings(Model):
    """How long before and after the start of a sale push and prune refuse, in seconds."""

    before: Annotated[int, BeforeValidator(_duration)] = 30 * 60
    after: Annotated[int, BeforeValidator(_duration)] = 2 * 3600


class ProjectSettings(Model):
    """The model of flashgen.yaml. Everything has a default."""

    default_target: str = LOCAL
    secret: str | None = None
    pass_keys: tuple[str, ...] = ()
    """Where the keys of passes come from, newest first: sources as of `secret`, a key each."""
    origin_secrets: tuple[str, ...] = ()
    """Where the secrets come from that a proxy shows which names buyers: sources as of `secret`."""
    freeze: FreezeSettings = FreezeSettings()
    hooks: Annotated[tuple[Hook, ...], AfterValidator(distinct_names)] = ()
    site_url: Annotated[str, AfterValidator(checked_url)] | None = None
    brand: dict[str, Any] = Field(default_factory=dict)
    """Read with each sale, in its languages: `sale/brand/`."""
    trusted_themes: Annotated[bool, BeforeValidator(yes_or_no)] = False
    """Whether the templates of the project's own themes are rendered without a sandbox."""
    targets: dict[str, Target] = Field(default_factory=dict, validate_default=True)

    @field_validator("pass_keys", "origin_secrets", mode="before")
    @classmethod
    def _list_of_keys(cls, value: object) -> object:
        """One source may stand without brackets, as that of `secret` does."""
        return [value] if isinstance(value, str) else value

    @field_validator("targets")
    @classmethod
    def _with_local(cls, targets: dict[str, Target]) -> dict[str, Target]:
        """A file that names only other targets still has the one on this machine."""
        return {LOCAL: Target(store="dir:.flashgen/store", url="http://127.0.0.1:8080"), **targets}


@dataclass(frozen=True)
class Project:
    """A folder with sales. `root` is the folder of `settings_file`, which may be missing."""

    root: Path
    settings: ProjectSettings
    settings_file: Path

    @property
    def build_folder(self) -> Path:
        """The default folder for builds."""
        return self.root / "build"

    def sale_path(self, sale: str) -> Path:
        """The YAML of a sale. Raises Refused if there is none, and suggests the nearest name.

        Raises InvalidInput if there is one as .yaml and one as .yml.
        """
        path = yaml_file(self.root / "sale_configs", sale)
        if path.is_file() and not is_left_behind(path.name):
            return path
        known = [other.stem for other in self._all_sale_paths()]
        if not known:
            raise Refused(f"no sale `{sale}`: {path.parent} holds none", f"flashgen new {sale}")
        raise Refused(f"no sale `{sale}` in {path.parent}", suggestion(sale, known))

    def sale_paths(self, sales: Sequence[str]) -> tuple[Path, ...]:
        """The YAML files of `sales`, or of all sales, sorted.

        Raises InvalidInput if the project has none, or has one of them as .yaml and as .yml.
        """
        if sales:
            return tuple(self.sale_path(sale) for sale in dict.fromkeys(sales))
        paths = self._all_sale_paths()
        if not paths:
            where = Where(self.root / "sale_configs")
            raise InvalidInput([Problem(where, "no sales here", "write one with `flashgen new black-friday`")])
        return paths

    def _all_sale_paths(self) -> tuple[Path, ...]:
        return yaml_files(self.root / "sale_configs")

    def target(self, name: str | None) -> tuple[str, Target]:
        """A target by name, or the default one."""
        wanted = name or self.settings.default_target
        if wanted not in self.settings.targets:
            raise Refused(f"no target `{wanted}` in {self.settings_file}", suggestion(wanted, self.settings.targets))
        return wanted, self.settings.targets[wanted]

    def store(self, name: str | None) -> Store:
        """The store of a target. Nothing is read or sent yet."""
        target = self.target(name)[1]
        match target.address:
            case FolderAddress(path):
                return FolderStore(self.root / path)
            case BucketAddress(bucket, prefix):
                return S3Store(bucket, prefix, target.region, target.endpoint_url)

    def cdn(self, name: str | None) -> Cdn | None:
        """The CDN in front of a target's store, which push invalidates; None if the target names none."""
        distribution = self.target(name)[1].distribution
        return CloudFront(distribution) if distribution else None

    @property
    def site_url(self) -> str:
        """The public address that pages name as their own, without a slash at its end; empty if it is not known.

        It is `site_url:`, else the `url:` of the one target that is not on this machine. Where there are several
        targets, as for staging and production, only the project can say which address is meant.
        """
        urls = {target.url.rstrip("/") for target in self.settings.targets.values() if target.url}
        public = [url for url in urls if not is_loopback(url)]
        if self.settings.site_url:
            return self.settings.site_url.rstrip("/")
        return public[0] if len(public) == 1 else ""

    def page_cache(self, name: str | None) -> str:
        """The Cache-Control of a target's pages: its own, else a day at a CDN that push invalidates, else a minute."""
        target = self.target(name)[1]
        return target.page_cache_control or page_cache(is_invalidated=bool(target.distribution))

    def secret(self, name: str | None, *, make: bool = True) -> str:
        """The signing secret of a target, as text. The local target makes its own once, readable only by its owner.

        Without `make` nothing is written. Raises Refused if there is no secret.
        """
        wanted, target = self.target(name)
        if self.settings.secret:
            return read_secret(self.settings.secret, self.root, target.region)
        if wanted != LOCAL or not isinstance(target.address, FolderAddress):
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

    def pass_keys(self, name: str | None) -> tuple[str, ...]:
        """The keys of passes as text, newest first; none if flashgen.yaml names none. Raises Refused."""
        region = self.target(name)[1].region
        return tuple(read_secret(source, self.root, region, "pass_keys") for source in self.settings.pass_keys)

    def origin_secrets(self, name: str | None) -> tuple[bytes, ...]:
        """What the proxy that names buyers shows; none if flashgen.yaml names none. Raises Refused."""
        region, sources = self.target(name)[1].region, self.settings.origin_secrets
        return tuple(read_secret(source, self.root, region, "origin_secrets").encode() for source in sources)


def find_project(start: Path, *, exactly: bool) -> Project:
    """The project around `start`: the nearest folder upwards with settings, or `start` itself.

    Raises InvalidInput if the settings have a problem, or are there as flashgen.yaml and as flashgen.yml.
    """
    start = start.resolve()
    if exactly and not start.is_dir():
        raise Refused(f"no such folder: {start}")
    candidates = [start] if exactly else [start, *start.parents]
    files = (yaml_file(folder, SETTINGS_STEM) for folder in candidates)
    file = next((file for file in files if file.is_file()), start / f"{SETTINGS_STEM}.yaml")
    return Project(file.parent, read_settings(file), file)


def read_settings(path: Path) -> ProjectSettings:
    """The settings of a file; the defaults if it is missing. Raises InvalidInput with every problem."""
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
    """Do not show a line with an `@`: it may be a URL with a password, whatever the problem is.

    Nor one of a hook: the URL of many a receiver is a secret as a whole. What a message of hooks quotes is none.
    """
    if "@" in problem.message + problem.quote:
        return replace(problem, message=problem.message.partition(", found ")[0], quote="")
    return replace(problem, quote="") if problem.path.startswith("hooks") else problem


def _make_secret(path: Path) -> None:
    """Create the file, with its content and mode, in one step. If another process was first, its file stays."""
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
