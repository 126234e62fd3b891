"""Every text of the drawings, in English and Chinese."""

import functools
from typing import Protocol

LANGUAGES = ("en", "zh")
TEXTS: dict[str, tuple[str, str]] = {
    # titles and descriptions
    "circuit.title": ("1. The circuit: one contact in the thermocouple's loop", "1. 电路：热电偶回路中串入一个触点"),
    "circuit.desc": (
        "The thermocouple's current flows through the normally open contact of relay K1 and holds the magnet of the "
        "flame supervision device. Contact open, or no power: the spring shuts the gas valve.",
        "热电偶的电流流经继电器K1的常开触点，保持熄火保护装置的电磁铁。触点断开或断电：弹簧关闭燃气阀。",
    ),
    "terminals.title": ("2. Terminal plan, burners: {n}", "2. 端子图，炉头数：{n}"),
    "terminals.desc": (
        "Left: the header of the Raspberry Pi. Right: every terminal, with what is inside the box and what goes to "
        "the stove.",
        "左：树莓派排针。右：每个端子，盒内接什么，到灶具接什么。",
    ),
    "pulse.title": (
        "3. Pulsed drive: the relay holds only while the pin keeps toggling",
        "3. 脉冲驱动：引脚持续翻转时继电器才吸合",
    ),
    "pulse.desc": (
        "A charge pump makes the gate voltage from edges. A pin that stays high or low, for whatever reason, lets "
        "the relay drop.",
        "电荷泵由脉冲边沿产生栅极电压。无论何种原因，引脚停在高或低电平，继电器都会释放。",
    ),
    "pair.title": ("4. Two relays in series, and the contacts that are read back", "4. 两个串联继电器与回读触点"),
    "pair.desc": (
        "Either relay opens the loop. The mirror contacts tell the Pi whether both main contacts are closed; a broken "
        "wire reads as closed.",
        "任一继电器都能断开回路。镜像触点告知树莓派主触点是否均已闭合；断线读作闭合。",
    ),
    "sense.title": ("5. Sense leads to the converter", "5. 至模数转换器的测量线"),
    "sense.desc": (
        "10 kΩ in each lead, at the stove's end, so that no fault of the electronics can hold the magnet.",
        "每根测量线在灶具端串联10 kΩ电阻，电子部分的任何故障都无法保持电磁铁。",
    ),
    "inputs.title": (
        "6. Stop button, emergency button and alarm, auxiliary contact, buzzer",
        "6. 停止按钮、急停与报警、辅助触点、蜂鸣器",
    ),
    "inputs.desc": (
        "Dry contacts to ground with a filter. What protects is normally closed, so that a broken wire cuts the gas. "
        "The buzzer is behind a transistor.",
        "对地干触点加滤波。起保护作用的触点为常闭，断线即关气。蜂鸣器经晶体管驱动。",
    ),
    # the loop
    "thermocouple": ("thermocouple", "热电偶"),
    "thermocouple.range": ("18–30 mV open", "开路18–30 mV"),
    "lug": ("adapter, lug {letter}", "适配器端子{letter}"),
    "contact": ("relay K1, normally open", "继电器K1，常开触点"),
    "contact.limit": ("two poles in parallel, ≤ 10 mΩ", "两极并联，≤10 mΩ"),
    "box": ("in the box; drawn de-energised", "位于盒内；图示为断电状态"),
    "loop.wire": ("T and M to the box: 2.5 mm², ≤ 0.5 m each", "T、M至盒：2.5 mm²，每根≤0.5 m"),
    "magnet": ("magnet of the flame", "熄火保护装置"),
    "magnet.2": ("supervision device", "的电磁铁"),
    "magnet.holds": ("holds with 230 mA (typical)", "230 mA可保持（典型）"),
    "magnet.drops": ("lets go by 80 mA (typical)", "降至80 mA前释放（典型）"),
    "body": ("return: outer conductor and stove body", "回路：外导体与灶体"),
    "loop": ("whole loop ≤ {limit} mΩ", "整个回路≤{limit} mΩ"),
    "energised": (
        "K1 energised: contact closed, and the magnet may hold while a flame heats the thermocouple.",
        "K1通电：触点闭合，火焰加热热电偶时电磁铁可以保持。",
    ),
    "released": (
        "Time is up, Pi off, plug out, wire broken: contact open, the spring shuts the gas.",
        "定时到、树莓派断电、拔插头、断线：触点断开，弹簧关闭燃气。",
    ),
    "by_hand": (
        "Only a hand on the knob opens the valve. The magnet cannot pull it open.",
        "只有用手按旋钮才能开阀，电磁铁无法将其吸开。",
    ),
    # sense leads
    "sense.plus": ("adapter, lug T (not M)", "适配器端子T（不是M）"),
    "sense.minus": ("stove body, at the valve", "灶体，靠近阀门处"),
    "at_stove": ("at the stove's end", "在灶具端"),
    "twisted": ("twisted pair", "双绞线"),
    "shield": ("shield: at the Pi's end only", "屏蔽层：仅在树莓派端接地"),
    "stray": (
        "5 V by mistake, through one 10 kΩ: {ma} mA, {times} times less than the 80 mA of the magnet",
        "误入5 V，经一只10 kΩ：{ma} mA，为电磁铁80 mA的1/{times}",
    ),
    "low": (
        "The converter loads the resistors and reads {share} low; the thresholds allow for it.",
        "转换器对电阻有负载，读数偏低{share}，阈值已有余量。",
    ),
    "never": (
        "Nothing else on these two points: no 3.3 V, no 5 V.",
        "这两点不得接任何其他电压：3.3 V、5 V均不可。",
    ),
    # terminal plan
    "pi": ("Raspberry Pi, USB sockets below", "树莓派，USB口在下方"),
    "header": ("pin {pin}", "{pin}脚"),
    "drives": ("driver {name}", "{name}驱动"),
    "if_fitted": ("(if fitted)", "（如装）"),
    "board": ("driver board", "驱动板"),
    "pull_ups": ("pull-ups", "上拉电阻"),
    "fuse": ("F1 1 A, coils", "F1 1 A，线圈"),
    "after_fuse": ("after F1", "F1后"),
    "filter": ("filter", "滤波"),
    "collector": ("Q2 collector", "Q2集电极"),
    "mirror": ("mirror contact K{n}", "K{n}镜像触点"),
    "strip.X1": ("X1: the loops. Relay contacts only", "X1：回路，只接继电器触点"),
    "strip.X2": ("X2: sense leads", "X2：测量线"),
    "strip.X3": ("X3: button, alarm, buzzer", "X3：按钮、报警、蜂鸣器"),
    "lug.of": ("burner {n}, adapter lug {letter}", "炉头{n}，适配器端子{letter}"),
    "plus.of": ("burner {n}, lug T, 10 kΩ there", "炉头{n}，端子T，就地串10 kΩ"),
    "minus.of": ("burner {n}, body, 10 kΩ there", "炉头{n}，灶体，就地串10 kΩ"),
    "colour.1": ("brown", "棕"),
    "colour.2": ("red", "红"),
    "colour.3": ("orange", "橙"),
    "colour.4": ("yellow", "黄"),
    "ring": ("{colour}, black sleeve", "{colour}，黑套管"),
    "grey": ("grey", "灰"),
    "plan.never": (
        "X1 has no connection to the Pi, to 3.3 V, 5 V or GND. Measure it before the stove is connected: ≥ 1 MΩ.",
        "X1与树莓派、3.3 V、5 V、GND均无任何连接。接灶具前测量：≥1 MΩ。",
    ),
    "plan.board": (
        "Driver board: one driver as in drawing 3 for each relay; mirror contacts as in drawings 4 and 6.",
        "驱动板：每个继电器一路，按图3；镜像触点按图4和图6。",
    ),
    # drivers
    "toggles": ("toggles: {f} Hz, {d} %", "翻转：{f} Hz，{d} %"),
    "coil": ("coil K1, 5 V", "K1线圈 5 V"),
    "gate": ("N-channel for 2.5 V gates", "N沟道，2.5 V栅极"),
    "gate.2": ("≥ 20 V, ≥ 0.5 A", "≥20 V，≥0.5 A"),
    "hold": ("The coil is off {low} to {high} s after the last edge.", "末次边沿后{low}至{high} s线圈断电。"),
    "level": (
        "A pin that stands still, high or low, passes nothing through C1.",
        "引脚静止时，无论高低，C1均不通过。",
    ),
    "two_of": (
        "C1 and R2 are two each: one that fails does not keep the relay closed.",
        "C1、R2各用两只：坏一只不会使继电器保持吸合。",
    ),
    "pair.loop": ("Either relay opens the loop. Both together ≤ 10 mΩ", "任一继电器都能断开回路。两只合计≤10 mΩ"),
    "mirrors": (
        "Mirror contacts: force-guided, normally closed, in parallel",
        "镜像触点：强制导向，常闭，并联",
    ),
    "mirrors.low": ("low: at least one relay is open", "低：至少一个继电器已断开"),
    "mirrors.high": (
        "high: both are closed, or a wire is broken; after a cut that is a lockout",
        "高：两者均闭合，或断线；关火后即闭锁",
    ),
    "driver": ("driver, drawing 3", "驱动，见图3"),
    "relay": ("relay {name}", "继电器{name}"),
    # inputs
    "stop": ("stop button", "停止按钮"),
    "emergency": ("emergency button", "急停按钮"),
    "alarm": ("gas alarm, dry contact", "燃气报警器，无源触点"),
    "alarms": ("emergency button, gas alarm", "急停按钮、燃气报警器"),
    "buzzer": ("buzzer, 5 V", "蜂鸣器，5 V"),
    "broken": ("Normally closed, in series: a broken wire cuts the gas too.", "常闭、串联：断线同样关气。"),
}


class Words(Protocol):
    """The texts of one language."""

    def __call__(self, key: str, **values: object) -> str:
        """The text that is called so. Raises ``KeyError`` for one that nobody wrote."""


def in_language(language: str) -> Words:
    """The texts of a language."""
    return functools.partial(_text, LANGUAGES.index(language))


def _text(place: int, key: str, **values: object) -> str:
    return TEXTS[key][place].format(**values)
