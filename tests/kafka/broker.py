"""A real Apache Kafka cluster on loopback, of small brokers that a test may kill.

Here: formatting, starting, killing and stopping nodes, each a broker and a controller. Not here:
its jars (jars.py), or what is put into it.
"""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.jars import jars

CLUSTER = "UHVsc2Vob3VzZVRlc3RzMQ"
HEAP = "-Xmx256m"
READY_SECONDS = 90
# Quick to start rather than quick to run.
JAVA = (
    *("java", HEAP, "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
# A node ends with the process that started it, also where that is killed.
BOUND = ("setpriv", "--pdeathsig", "KILL")


@dataclass(slots=True)
class Node:
    """One broker: where it listens, its folder, and its process while it runs."""

    number: int
    port: int
    controller_port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def properties(self) -> Path:
        """Its configuration."""
        return self.folder / "server.properties"

    def kill(self) -> None:
        """End it as by `kill -9`."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(slots=True)
class Cluster:
    """One or three nodes."""

    nodes: list[Node] = field(default_factory=list)
    classpath: str = ""
    _admin: AdminClient | None = None

    @classmethod
    def start(cls, folder: Path, size: int) -> "Cluster":
        """Format and start a cluster, and wait until it answers."""
        ports = _free_ports(2 * size)
        nodes = [
            Node(number, ports[2 * number], ports[2 * number + 1], folder / f"node-{number}")
            for number in range(size)
        ]
        cluster = cls(nodes, f"{jars()}/*")
        voters = ",".join(f"{node.number}@127.0.0.1:{node.controller_port}" for node in nodes)
        for node in nodes:
            node.folder.mkdir(parents=True)
            node.properties.write_text(_properties(node, voters, size))
        try:
            cluster._format()
            for node in nodes:
                cluster.launch(node)
            cluster.wait()
        except BaseException:
            cluster.stop()
            raise
        return cluster

    @property
    def servers(self) -> str:
        """Its bootstrap servers."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def admin(self) -> AdminClient:
        """A client that administers it; the same for all, since what it is asked ends with it."""
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        return self._admin

    def launch(self, node: Node) -> None:
        """Start a node, and do not wait for it."""
        with (node.folder / "log").open("ab") as log:
            node.process = subprocess.Popen(
                [*BOUND, *JAVA, "-cp", self.classpath, "kafka.Kafka", str(node.properties)],
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Wait until every node that runs is in the cluster's metadata and leads or follows."""
        running = {node.number for node in self.nodes if node.process is not None}
        deadline = time.monotonic() + READY_SECONDS
        while not running <= self._known():
            if time.monotonic() > deadline or self._ended():
                raise AssertionError(self._said())
            time.sleep(0.1)

    def stop(self) -> None:
        """End all nodes at once; nobody needs what they hold."""
        for node in self.nodes:
            node.kill()

    def _format(self) -> None:
        started = [self._formatting(node) for node in self.nodes]
        for process in started:
            output, _ = process.communicate(timeout=READY_SECONDS)
            assert process.returncode == 0, output.decode()

    def _formatting(self, node: Node) -> "subprocess.Popen[bytes]":
        command = ("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(node.properties))
        return subprocess.Popen(
            [*BOUND, *JAVA, "-cp", self.classpath, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _known(self) -> set[int]:
        try:
            found: Any = self.admin().list_topics(timeout=2)
        except KafkaException:
            return set()
        return set(found.brokers)

    def _ended(self) -> bool:
        return any(n.process is not None and n.process.poll() is not None for n in self.nodes)

    def _said(self) -> str:
        logs = ((node.folder / "log").read_text(errors="replace")[-2000:] for node in self.nodes)
        return "the Kafka cluster did not become ready:\n" + "\n".join(logs)


def _properties(node: Node, voters: str, size: int) -> str:
    replicas = min(size, 3)
    return "\n".join(
        [
            "process.roles=broker,controller",
            f"node.id={node.number}",
            f"controller.quorum.voters={voters}",
            f"listeners=PLAINTEXT://127.0.0.1:{node.port},"
            f"CONTROLLER://127.0.0.1:{node.controller_port}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{node.port}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            f"log.dirs={node.folder / 'log-dir'}",
            "num.partitions=1",
            f"default.replication.factor={replicas}",
            f"min.insync.replicas={max(1, replicas - 1)}",
            f"offsets.topic.replication.factor={replicas}",
            f"transaction.state.log.replication.factor={replicas}",
            f"transaction.state.log.min.isr={max(1, replicas - 1)}",
            "transaction.state.log.num.partitions=1",
            "offsets.topic.num.partitions=1",
            "auto.create.topics.enable=false",
            # So that an election takes seconds, not ten.
            "broker.session.timeout.ms=4000",
            "broker.heartbeat.interval.ms=500",
            "controller.quorum.election.timeout.ms=500",
            "controller.quorum.fetch.timeout.ms=1000",
            "log.cleaner.dedupe.buffer.size=8388608",
            "log.cleaner.backoff.ms=500",
            "log.initial.task.delay.ms=500",
            "num.network.threads=1",
            "num.io.threads=2",
            "",
        ]
    )


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has now; all are held until all are known, so that none comes twice."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def required() -> bool:
    """Whether this machine must be able to run a broker, as in CI."""
    return bool(os.environ.get("PULSEHOUSE_REQUIRE_BROKER"))
