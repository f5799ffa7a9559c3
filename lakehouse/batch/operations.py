"""What happened to the pipes: messages that are lost for good, alarms, profiles, drift.

Here: the contracts of ledgers (lakehouse/ledgers.py). Not here: who finds a loss or raises an
alarm (streaming/), or alerts about patients (lakehouse/tables.py).
"""

from typing import get_args

import pyarrow as pa

from clinical.wire.elements import Kind
from lakehouse.columns import STRING, UTC, Column, one_of
from lakehouse.tables import Table

# `no_message` is no loss: the broker gave the offsets to no message (the marks of a transaction).
LOSS_REASONS = (
    *("retention_gap", "journal_lost", "journal_damaged", "topic_replaced", "compacted"),
    "no_message",
)
ALARM_KINDS = (
    *("feed_silent", "messages_lost", "component_restarted", "inbox_full", "lake_repaired"),
    *("certificate_expires", "decoder_failed", "profile_broken"),
)

LOSSES = Table(
    name="losses",
    zone="operations",
    grain="one run of offsets whose messages no inbox can give any more",
    key=("feed", "partition", "number"),
    phi="none",
    columns=(
        Column("number", pa.int64(), "Place of the entry in its line, from 1.", nullable=False),
        Column("feed", STRING, "The feed.", nullable=False),
        Column("partition", pa.int32(), "Its partition.", nullable=False),
        Column("first_offset", pa.int64(), "First offset that is lost.", nullable=False),
        Column("last_offset", pa.int64(), "Last offset that is lost.", nullable=False),
        one_of("reason", LOSS_REASONS, "Why: {}.", nullable=False),
        Column("noticed_at", UTC, "When it was noticed.", nullable=False),
    ),
    partition_by=None,
)
ALARMS = Table(
    name="alarms",
    zone="operations",
    grain="one technical alarm raised or ended",
    key=("line", "number"),
    phi="none",
    columns=(
        Column(
            "line", STRING, "What it is about: the kind, and the feed or component.", nullable=False
        ),
        Column("number", pa.int64(), "Place of the entry in its line, from 1.", nullable=False),
        one_of("kind", ALARM_KINDS, nullable=False),
        Column("subject", STRING, "The feed or component.", nullable=False),
        one_of("event", ("raised", "ended"), nullable=False),
        Column("at", UTC, "When.", nullable=False),
        Column("detail", STRING, "What is known, and what to do, in one line.", nullable=False),
    ),
    partition_by=None,
)

PROFILE_VERSIONS = Table(
    name="profile_versions",
    zone="operations",
    grain="one version of a feed's profile that a partition is read by from an offset on",
    key=("feed", "partition", "number"),
    phi="none",
    columns=(
        Column("number", pa.int64(), "Place of the entry in its line, from 1.", nullable=False),
        Column("feed", STRING, "The feed.", nullable=False),
        Column("partition", pa.int32(), "Its partition.", nullable=False),
        Column(
            "first_offset",
            pa.int64(),
            "First offset that was read by this version; up to the next entry's.",
            nullable=False,
        ),
        Column(
            "fingerprint", STRING, "Digest of the profile and the files beside it.", nullable=False
        ),
        Column("since", UTC, "When it came into force.", nullable=False),
    ),
    partition_by=None,
)

FEED_ELEMENTS = Table(
    name="feed_elements",
    zone="operations",
    grain="one element that a feed was seen to send, first of all or as a change of what it sends",
    key=("feed", "number"),
    phi="none",
    columns=(
        Column("number", pa.int64(), "Place of the entry in its line, from 1.", nullable=False),
        Column("feed", STRING, "The feed.", nullable=False),
        Column(
            "element",
            STRING,
            "What it is: ZPI, OBX-17, Observation.valueRange, OBX-3 code L|PULSE, OBX-6 unit bpm,"
            " MSH-9 type ADT^A60, MSH-12 version 2.7.",
            nullable=False,
        ),
        one_of("kind", get_args(Kind), "Kind: {}.", nullable=False),
        Column(
            "is_new",
            pa.bool_(),
            "Whether the feed has changed by it: neither its list of known elements nor, without"
            " one, its first day had it.",
            nullable=False,
        ),
        Column("first_seen_at", UTC, "received_at of the batch it was first in.", nullable=False),
        Column("partition", pa.int32(), "Partition of that batch.", nullable=False),
        Column("offset", pa.int64(), "Offset of its first message.", nullable=False),
    ),
    partition_by=None,
)

OPERATIONS = (LOSSES, ALARMS, PROFILE_VERSIONS, FEED_ELEMENTS)
