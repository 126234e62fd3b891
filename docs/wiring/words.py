"""Every text of the drawings, in English and Chinese."""

LANGUAGES = ("en", "zh")
TEXTS: dict[str, tuple[str, str]] = {
    # titles and descriptions
    "circuit.title": ("1. The circuit: one contact in the thermocouple's loop", "1. 电路：热电偶回路中串入一个触点"),
    "circuit.desc": (
        "The thermocouple's current flows through the normally open contact of relay K1 and holds the magnet of the "
        "flame supervision device. Contact open, or no power: the spring shuts the gas valve.",
        "热电偶的电流流经继电器K1的常开触点，保持熄火保护装置的电磁铁。触点断开或断电：弹簧关闭燃气阀。",
    ),
    "terminals.title": ("2. Terminal plan: {n} burner(s)", "2. 端子图：{n}个炉头"),
    "terminals.desc": (
        "Which pin of the Raspberry Pi goes to which relay, and which terminals go to the stove.",
        "树莓派的哪个引脚接哪个继电器，哪些端子接到灶具。",
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
    "pair.title": ("4. Two relays in series, and the contact that is read back", "4. 两个串联继电器与回读触点"),
    "pair.desc": (
        "Either relay opens the loop. A mirror contact of each, in series, tells the Pi that both main contacts "
        "are closed.",
        "任一继电器都能断开回路。两个继电器的镜像触点串联，告知树莓派主触点均已闭合。",
    ),
    "sense.title": ("5. Sense leads to the converter", "5. 至模数转换器的测量线"),
    "sense.desc": (
        "10 kΩ in each lead, at the stove's end, so that no fault of the electronics can hold the magnet.",
        "每根测量线在灶具端串联10 kΩ电阻，电子部分的任何故障都无法保持电磁铁。",
    ),
    "inputs.title": ("6. Button, alarm contact, buzzer", "6. 按钮、报警触点与蜂鸣器"),
    "inputs.desc": (
        "Dry contacts to ground with a filter, and a buzzer behind a transistor.",
        "对地干触点加滤波，蜂鸣器经晶体管驱动。",
    ),
    # parts
    "thermocouple": ("thermocouple", "热电偶"),
    "thermocouple.range": ("18–30 mV open", "开路18–30 mV"),
    "contact": ("K1, normally open", "K1 常开触点"),
    "contact.limit": ("≤ 10 mΩ", "≤ 10 mΩ"),
    "magnet": ("magnet of the flame", "熄火保护装置"),
    "magnet.2": ("supervision device", "电磁铁"),
    "magnet.current": ("holds ≤ 230 mA, drops ≥ 80 mA", "保持≤230 mA，释放≥80 mA"),
    "body": ("stove body (return)", "灶体（回路）"),
    "interrupter": ("interrupter adapter", "断接适配器"),
    "loop": ("whole loop ≤ {limit} mΩ", "整个回路≤{limit} mΩ"),
    "twisted": ("2.5 mm², ≤ 0.5 m each", "2.5 mm²，每根≤0.5 m"),
    "pi": ("Raspberry Pi", "树莓派"),
    "driver": ("relay drivers (3)", "继电器驱动（3）"),
    "to_stove": ("to the stove", "接灶具"),
    "to_contact": ("K{n} loop in / out", "K{n} 回路 进/出"),
    "to_sense": ("TC{n} sense + / −", "TC{n} 测量 +/−"),
    "driven": ("driver, relay K{n}", "驱动，继电器K{n}"),
    "relay": ("relay K{n}", "继电器K{n}"),
    "mirror": ("mirror contact K{n}", "镜像触点K{n}"),
    "header": ("pin {pin}", "{pin}脚"),
    "supply": ("5 V, 3 A", "5 V，3 A"),
    "fuse": ("F1 500 mA, coils only", "F1 500 mA，仅线圈"),
    "coil": ("coil K1, 5 V", "K1线圈 5 V"),
    "flyback": ("flyback", "续流"),
    "gate": ("logic-level MOSFET", "逻辑电平MOSFET"),
    "bleed": ("R2 {value}", "R2 {value}"),
    "toggles": ("{f} Hz, {d} %", "{f} Hz，{d} %"),
    "hold": ("drops {low}–{high} s after the last edge", "末次边沿后{low}–{high} s释放"),
    "pulldown": ("pull-down", "下拉"),
    "two_caps": ("two, so that one short does not pass a level", "两只，单只短路也不会传递电平"),
    "converter": ("ADS1115 at 3.3 V", "ADS1115，3.3 V"),
    "stray": (
        "5 V through 20 kΩ: {ma} mA, {times} times too little to hold",
        "5 V经20 kΩ：{ma} mA，比保持所需小{times}倍",
    ),
    "at_stove": ("at the stove's end", "在灶具端"),
    "shield": ("twisted, shielded; shield at the Pi only", "双绞屏蔽，屏蔽层仅在树莓派端接地"),
    "stop": ("stop button", "停止按钮"),
    "alarm": ("gas alarm, potential-free", "燃气报警器，无源触点"),
    "buzzer": ("buzzer", "蜂鸣器"),
    "read_back": ("to GPIO {pin}: low = closed", "接GPIO {pin}：低=闭合"),
    "never": ("no voltage on these terminals, ever", "这些端子上绝不可有外来电压"),
}


def text(key: str, language: str, **values: object) -> str:
    """A text in a language. Raises ``KeyError`` for one that nobody wrote."""
    return TEXTS[key][LANGUAGES.index(language)].format(**values)
