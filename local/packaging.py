"""The raw template with its code in the emulator's S3: nothing of it is copied, only the URIs are rewritten."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

BUCKET = "evergrant-code"
ROOT = Path(__file__).parents[1]
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)

Upload = Callable[[str, bytes], None]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which it turns into their long form."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, object]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: str(text).split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)  # pyright: ignore[reportUnknownMemberType]  # its stub is not whole


def load_template(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """The template as data."""
    return yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506  # a SafeLoader with CloudFormation's tags


def package(template: dict[str, Any], upload: Upload) -> dict[str, Any]:
    """Upload each function and layer once, and point to it."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Api":
            # CloudFormation's spelling of `*/*`, which the emulator takes as it stands.
            types: list[str] = resource["Properties"].get("BinaryMediaTypes", [])
            resource["Properties"]["BinaryMediaTypes"] = [each.replace("~1", "/") for each in types]
        uri = _CODE.get(resource["Type"])
        if uri:
            content = _zip(resource["Properties"][uri])
            key = f"{hashlib.sha256(content).hexdigest()}.zip"
            upload(key, content)
            resource["Properties"][uri] = {"Bucket": BUCKET, "Key": key}
            # The emulator runs functions on its own interpreter, whatever the template says for AWS.
            resource.pop("Metadata", None)
    return template


def _zip(uri: str) -> bytes:
    """The same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(_files(uri)):
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), path.read_bytes())
        if uri == "layers/dependencies":
            # The emulator's environment has the packages: its layer is empty.
            archive.writestr(zipfile.ZipInfo("python/.empty", _FIXED_TIME), b"")
    return buffer.getvalue()


def _files(uri: str) -> Iterable[tuple[str, Path]]:
    folder = ROOT / uri
    inside, prefix = (folder / "evergrant", "python/evergrant/") if uri == "layers/core" else (folder, "")
    if uri == "layers/dependencies":
        return
    for path in inside.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield prefix + path.relative_to(inside).as_posix(), path
