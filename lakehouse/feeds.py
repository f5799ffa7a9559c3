"""Feed profiles from their files.

Here: finding `feeds/<name>.toml` and the files beside it, and reading them as text. Not here:
what they mean (clinical/wire/profile.py).
"""

from difflib import get_close_matches
from pathlib import Path

from clinical.normalise import NormalisationError, check
from clinical.wire.code_maps import CodeMap
from clinical.wire.profile import FeedProfile
from clinical.wire.profile_text import keys_of, parse
from lakehouse.errors import FeedFileError, UnknownFeedError
from lakehouse.setting_groups import FEEDS

SHOWN = 8


def feed_names(feeds_dir: Path | None = None) -> list[str]:
    """The feeds that have a profile, in order."""
    return sorted(path.stem for path in (feeds_dir or FEEDS).glob("*.toml"))


def load_profile(name: str, feeds_dir: Path | None = None) -> FeedProfile:
    """The profile of a feed; without `feeds_dir` from those that come with Pulsehouse.

    Raises:
        UnknownFeedError: No profile has this name.
        FeedFileError: A file of the profile cannot be read, or names what the dictionary lacks.
        ProfileError: The profile cannot be used (clinical.wire.profile).
    """
    place = feeds_dir or FEEDS
    # Compared with the names that exist, never joined to a path unseen: a name may hold "../".
    if name not in (known := feed_names(place)):
        raise UnknownFeedError(_unknown(name, place, known))
    toml, codes, elements = (_text(path) if path.exists() else "" for path in files_of(name, place))
    shared = [CodeMap(one, _text(place / one)) for one in keys_of(name, toml).maps]
    profile = parse(name, toml, codes, elements, shared)
    try:
        check(profile)
    except NormalisationError as error:
        raise FeedFileError(str(error)) from error
    return profile


def files_of(name: str, place: Path) -> tuple[Path, Path, Path]:
    """Where a feed's profile, its code map and elements known of it are looked for."""
    return place / f"{name}.toml", place / f"{name}_codes.csv", place / f"{name}_known.csv"


def _unknown(name: str, place: Path, known: list[str]) -> str:
    if not known:
        return f"unknown feed {name!r}: {place} holds no profile; name the directory that does"
    near = get_close_matches(name, known, n=3, cutoff=0.5) or known[:SHOWN]
    return f"unknown feed {name!r} in {place}; nearest: {', '.join(near)}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8"
        raise FeedFileError(msg) from error
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}; check its permissions"
        raise FeedFileError(msg) from error
