"""Every MQTT topic's name, in one place."""

from dataclasses import dataclass

from controller.config import Config


@dataclass(frozen=True)
class Topics:
    """The topics of one stove: ``root`` is ``<base>/<stove>``, ``prefix`` Home Assistant's discovery prefix."""

    root: str
    prefix: str
    stove_id: str

    @classmethod
    def of(cls, config: Config) -> "Topics":
        """The topics that a configuration with an ``[mqtt]`` table names."""
        assert config.mqtt is not None
        stove = config.stove.id
        return cls(f"{config.mqtt.base_topic}/{stove}", config.mqtt.discovery_prefix, stove)

    def of_burner(self, burner_id: str) -> str:
        """What every topic of a burner starts with."""
        return f"{self.root}/burner/{burner_id}"

    def _of(self, burner_id: str | None) -> str:
        return self.root if burner_id is None else self.of_burner(burner_id)

    def availability(self, burner_id: str | None = None) -> str:
        return f"{self._of(burner_id)}/availability"

    def state(self, burner_id: str | None = None) -> str:
        return f"{self._of(burner_id)}/state"

    def event(self, burner_id: str | None = None) -> str:
        return f"{self._of(burner_id)}/event"

    def command(self, name: str, burner_id: str | None = None) -> str:
        return f"{self._of(burner_id)}/cmd/{name}"

    @property
    def heartbeat(self) -> str:
        return f"{self.root}/heartbeat"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    def device_id(self, burner_id: str | None = None) -> str:
        """Home Assistant's id of the stove's device, or of a burner's."""
        return f"flameout_{self.stove_id}" + (f"_{burner_id}" if burner_id is not None else "")

    def discovery(self, burner_id: str | None = None) -> str:
        return f"{self.prefix}/device/{self.device_id(burner_id)}/config"

    def command_filters(self) -> list[str]:
        """What to subscribe to for every command there may be."""
        return [self.command("+"), self.command("+", "+")]

    def addressee(self, topic: str) -> tuple[str | None, str] | None:
        """The burner (None: the stove) and the command that a command topic names; None for any other topic."""
        if not topic.startswith(f"{self.root}/"):
            return None
        match topic.removeprefix(f"{self.root}/").split("/"):
            case ["cmd", name]:
                return None, name
            case ["burner", burner_id, "cmd", name]:
                return burner_id, name
        return None
