"""Any folder of photographs, as a folder of pictures that the virtual camera could have taken.

A JPEG that is small enough is served as it is, to the bit. Whatever else Pillow can open becomes a
VGA JPEG, as the camera delivers them: upright, whole, and without its metadata.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from PIL import Image, ImageOps

from host_tools.virtual_board.pictures import PicturesError

SIZE = (640, 480)
# With the canary's segment this is what a detector stores of one picture: 128 KiB.
LARGEST_BYTES = 130_000
_JPEG = (".jpg", ".jpeg")
_SUFFIXES = (*_JPEG, ".png", ".webp")
_QUALITIES = (85, 70, 50, 30)  # a VGA picture of nothing but noise fits with the last one

_Listing = tuple[tuple[Path, int, int], ...]


def camera_folder(folder: Path) -> Path:
    """Return a folder of the same pictures, each of which the camera can serve.

    That is `folder` itself where there is nothing to do, else one that lives as long as this
    process. Raises PicturesError.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        listing = tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in paths)
    except OSError as error:
        raise PicturesError(
            f"The pictures in {folder} cannot be read: {error.strerror}."
        ) from error
    if not listing:
        raise PicturesError(
            f"There is no {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]} in {folder}."
        )
    prepared = _prepare(listing)
    return folder if prepared is None else Path(prepared.name)


@cache
def _prepare(listing: _Listing) -> tempfile.TemporaryDirectory[str] | None:
    """Make the folder once for all boards; None where all pictures can stay as they are."""
    paths = [path for path, _size, _mtime in listing]
    with ThreadPoolExecutor() as pool:
        jpegs = list(pool.map(camera_jpeg, paths))
    if all(jpeg is None for jpeg in jpegs):
        return None
    folder = tempfile.TemporaryDirectory(prefix="sluss-pictures-")
    for path, jpeg in zip(paths, jpegs, strict=True):
        is_jpeg = path.suffix.lower() in _JPEG
        target = Path(folder.name) / (path.name if is_jpeg else f"{path.name}.jpg")
        if jpeg is None:
            shutil.copyfile(path, target)
        else:
            target.write_bytes(jpeg)
    return folder


def camera_jpeg(path: Path) -> bytes | None:
    """Return the picture as the camera delivers it; None where the file is that already.

    Raises PicturesError for what is no picture.
    """
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            is_whole = data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9"
            if is_whole and len(data) <= LARGEST_BYTES:
                return None
            image.draft("RGB", SIZE)  # a JPEG is scaled down while it is read
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PicturesError(f"{path} is no picture that can be opened.") from error
    return _smallest(ImageOps.pad(upright, SIZE))


def _smallest(image: Image.Image) -> bytes:
    """Return the best JPEG of it that is small enough."""
    for quality in _QUALITIES:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=quality)
        if jpeg.tell() <= LARGEST_BYTES:
            break
    return jpeg.getvalue()
