"""Every sentence of the self-test, in English and in Simplified Chinese.

``found.*`` and ``cure.*`` end in the values of :class:`api.cli.selftest_steps.Finding`.
"""

from collections.abc import Mapping

LANGUAGES = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    # --- the terminal
    "intro": (
        "Commissioning {stove}. The daemon is stopped; this program alone permits the relays, one at a time. "
        "Stay at the stove, keep the gas tap within reach, and open a window.",
        "{stove} 调试验收。守护程序已停止；只有本程序会逐个允许继电器闭合。"
        "请守在灶前，确保随手可以关闭燃气阀，并打开窗户。",
    ),
    "press_enter": ("press Enter", "按回车键"),
    "use_simulate": (
        "(This hob is simulated and nobody can turn its knobs here: use --simulate.)",
        "（此灶具为模拟，无法在此转动旋钮：请使用 --simulate。）",
    ),
    "starting": ("Starting the keeper …", "正在启动看护进程 …"),
    "progress": ("{what} … {seconds} s", "{what} … {seconds} 秒"),
    "progress_mv": ("{what} … {seconds} s, {mv} mV", "{what} … {seconds} 秒，{mv} mV"),
    "written": ("Report: {json} and {html}", "报告：{json} 和 {html}"),
    "stopped": (
        "stopped: every relay is open, and nothing was signed off",
        "已中止：所有继电器已断开，未签署任何报告",
    ),
    "nobody_answers": (
        "nobody answers (no terminal): run it where the stove can be seen",
        "无人应答（没有终端）：请在能看到灶具的地方运行",
    ),
    "taken": (
        "flameout runs (process {owner}): stop it first, then test (sudo systemctl stop flameout flameout-keeper)",
        "flameout 正在运行（进程 {owner}）：请先停止它再测试（sudo systemctl stop flameout flameout-keeper）",
    ),
    "no_lock": (
        "the lock {file} cannot be taken ({why}); run this as the daemon's user or with sudo",
        "无法取得锁 {file}（{why}）；请以守护程序的用户或 sudo 运行",
    ),
    "only_simulated": (
        'keeper.pin_factory is "{factory}": --simulate is for the simulated hob only',
        "keeper.pin_factory 为“{factory}”：--simulate 仅用于模拟灶具",
    ),
    "not_written": (
        "the report cannot be written to {file}: {why}; name another place with --report",
        "无法将报告写入 {file}：{why}；请用 --report 指定其他位置",
    ),
    # --- what the installer is asked
    "ask.all_off": ("Turn every knob off.", "请将所有旋钮关闭。"),
    "ask.light": (
        "Light the burner {burner}, hold the knob until it stays lit, let go, and keep it burning.",
        "点燃炉头 {burner}，按住旋钮直到火焰保持，然后松手，并保持燃烧。",
    ),
    "ask.light_again": (
        "Light the burner {burner} again, hold the knob until it stays lit, and let go.",
        "再次点燃炉头 {burner}，按住旋钮直到火焰保持，然后松手。",
    ),
    "ask.watch": (
        "The relay of {burner} is open now. Watch: the moment its flame is out …",
        "{burner} 的继电器现已断开。请观察：火焰熄灭的那一刻 …",
    ),
    "ask.blow_out": (
        "Blow the flame of {burner} out and leave the knob on. Gas flows for up to a minute: no other flame near it. "
        "As soon as the flame is out …",
        "吹灭 {burner} 的火焰，旋钮保持打开。燃气会继续流出，最长一分钟：附近不得有明火。火焰一熄灭 …",
    ),
    "ask.click": (
        "Listen: the moment the gas valve of {burner} clicks shut …",
        "请听：{burner} 的燃气阀咔哒一声关闭的那一刻 …",
    ),
    "ask.off": ("Turn the knob of {burner} off.", "请关闭 {burner} 的旋钮。"),
    # --- what is waited for
    "wait.sensors": ("Waiting for the sensors", "等待传感器"),
    "wait.relay": ("Relay of {burner}", "{burner} 的继电器"),
    "wait.cold": ("{burner}: waiting until it is cold", "{burner}：等待冷却"),
    "wait.flame": ("{burner}: waiting for its flame", "{burner}：等待火焰"),
    "wait.steady": ("{burner}: waiting for a steady flame", "{burner}：等待火焰稳定"),
    "wait.cut": ("{burner}: relay open, waiting until the flame is out", "{burner}：继电器已断开，等待火焰熄灭"),
    "wait.crossed": ("{burner}: which relay is in its circuit?", "{burner}：是哪个继电器在其回路中？"),
    "wait.own_closing": ("{burner}: waiting for the stove's own valve", "{burner}：等待灶具自身的阀门关闭"),
    # --- the steps
    "step.machine": ("Machine: {burner}", "机器：{burner}"),
    "step.reference": ("Reference voltage {burner}", "参考电压 {burner}"),
    "step.relay": ("{burner}: relay", "{burner}：继电器"),
    "step.relay_first": ("{burner}: first relay alone", "{burner}：仅第一继电器"),
    "step.relay_second": ("{burner}: second relay alone", "{burner}：仅第二继电器"),
    "step.light": ("{burner}: flame and sensor", "{burner}：火焰与传感器"),
    "step.cut": ("{burner}: cut by the relay", "{burner}：继电器切断"),
    "step.own_closing": ("{burner}: the stove's own closing time", "{burner}：灶具自身关闭时间"),
    "step.walk": ("Course of the test", "测试过程"),
    # --- what was found
    "found.follows": ("the contact follows the relay", "触点随继电器动作"),
    "found.clicked": (
        "energised for a second; no auxiliary contact is wired, so only the ear can tell that it clicked",
        "通电一秒；未接辅助触点，只能靠耳朵确认动作",
    ),
    "found.welded": ("the contact stays closed although the relay is open", "继电器已断开，触点仍然闭合"),
    "cure.welded": (
        "The contact is welded or bridged: replace the relay, and look for a bridge across it.",
        "触点熔焊或被短接：请更换继电器，并检查是否有跨接线。",
    ),
    "found.welded_one": (
        "the pair's contact is closed although only one of the two relays is energised",
        "两个继电器只有一个通电，触点却已闭合",
    ),
    "cure.welded_one": (
        "The other relay of the pair is welded or bridged: replace it.",
        "另一个继电器熔焊或被短接：请更换。",
    ),
    "found.unreadable": ("its contact gives no steady reading", "其触点没有稳定读数"),
    "cure.unreadable": ("Check the contact's leads and clamps.", "请检查触点的引线和接线端子。"),
    "found.never_closes": ("the contact stays open although the relay is energised", "继电器已通电，触点仍然断开"),
    "cure.never_closes": (
        "Check the relay's supply, its driver and the contact's wiring and configured level.",
        "请检查继电器供电、驱动电路、触点接线及其配置电平。",
    ),
    "found.other_contact": ("the contact of {other} closes with it", "{other} 的触点随之闭合"),
    "cure.other_contact": (
        "The relays or contacts of {burner} and {other} are crossed: swap them, or their pins in the configuration.",
        "{burner} 与 {other} 的继电器或触点接反：请对调接线，或在配置中对调引脚。",
    ),
    "found.refused": ("the keeper does not let it close", "看护进程不允许其闭合"),
    "cure.refused": (
        "An alarm or emergency input is active, or wired or configured the wrong way round.",
        "有报警或急停输入处于动作状态，或其接线、配置方向相反。",
    ),
    "found.reacted": ("its own sensor saw the flame; {mv} mV under load", "其自身传感器检测到火焰；带载 {mv} mV"),
    "found.reacted.plain": ("its own sensor saw the flame", "其自身传感器检测到火焰"),
    "found.crossed_sensors": (
        "with only {burner} lit, the sensor of {other} reacted",
        "只点燃 {burner} 时，{other} 的传感器有反应",
    ),
    "cure.crossed_sensors": (
        "The sense leads of {burner} and {other} are crossed or touch: swap them.",
        "{burner} 与 {other} 的检测线接反或相碰：请对调。",
    ),
    "found.no_flame_seen": (
        "its sensor saw no flame within {seconds} s; it reads {mv} mV",
        "{seconds} 秒内传感器未检测到火焰；读数 {mv} mV",
    ),
    "found.no_flame_seen.plain": (
        "its sensor saw no flame within {seconds} s",
        "{seconds} 秒内传感器未检测到火焰",
    ),
    "cure.no_flame_seen": (
        "Was it lit? Check the sensor's leads, their polarity, and its pin or channel in the configuration.",
        "是否已点燃？请检查传感器引线、极性以及配置中的引脚或通道。",
    ),
    "found.flame_before": (
        "its sensor shows a flame before it was lit ({mv} mV)",
        "尚未点燃，传感器已显示有火焰（{mv} mV）",
    ),
    "found.flame_before.plain": (
        "its sensor shows a flame before it was lit",
        "尚未点燃，传感器已显示有火焰",
    ),
    "cure.flame_before": (
        "Is it out and cold? Then check the sensor's leads, its polarity or level, and what else feeds the circuit.",
        "是否已熄灭并冷却？若是，请检查传感器引线、极性或电平，以及是否有其他电源接入回路。",
    ),
    "found.not_held": (
        "its flame did not stay although its relay was energised",
        "其继电器已通电，火焰却未能保持",
    ),
    "cure.not_held": (
        "Its relay does not close its circuit: check the clamps, the contact's resistance, and whether its relay sits "
        "in another burner's circuit.",
        "继电器未闭合其回路：请检查接线端子、触点电阻，以及该继电器是否接入了其他炉头的回路。",
    ),
    "found.no_sensor": (
        "it has no flame sensor; no other burner's sensor reacted",
        "没有火焰传感器；其他炉头的传感器无反应",
    ),
    "cure.no_sensor": (
        "Only eyes can tell whether it burns; flameout cannot prove a cut of this burner.",
        "只能目视判断其是否燃烧；flameout 无法证实该炉头已被切断。",
    ),
    "found.closed": (
        "out after {seconds} s (at most {limit} s); {mv} mV under load, {open_mv} mV open, load ratio {ratio}",
        "{seconds} 秒后熄灭（上限 {limit} 秒）；带载 {mv} mV，开路 {open_mv} mV，负载比 {ratio}",
    ),
    "found.closed.plain": ("out after {seconds} s (at most {limit} s)", "{seconds} 秒后熄灭（上限 {limit} 秒）"),
    "found.contact_stuck": (
        "the voltage did not step up as the relay opened ({mv} mV before)",
        "继电器断开时电压没有跃升（之前 {mv} mV）",
    ),
    "cure.contact_stuck": (
        "The circuit is still closed: is the contact welded, or does a wire bridge it? It must not be used like this.",
        "回路仍然闭合：触点是否熔焊，或被导线短接？在此状态下不得使用。",
    ),
    "found.valve_stuck": (
        "the voltage stepped up to {open_mv} mV, but the flame was not out after {limit} s",
        "电压跃升至 {open_mv} mV，但 {limit} 秒后火焰仍未熄灭",
    ),
    "cure.valve_stuck": (
        "Turn the knob off now. The relay opened and the gas valve did not close: have the stove's valve repaired.",
        "请立即关闭旋钮。继电器已断开而燃气阀未关闭：请修理灶具的阀门。",
    ),
    "found.crossed_relays": (
        "it is the relay of {other} that switches the circuit of {burner}, or the other way round",
        "切换 {burner} 回路的是 {other} 的继电器，或者相反",
    ),
    "cure.crossed_relays": (
        "The relays of {burner} and {other} are crossed: swap their leads, or their pins in the configuration.",
        "{burner} 与 {other} 的继电器接反：请对调引线，或在配置中对调引脚。",
    ),
    "found.still_lit": (
        "the flame was not out {limit} s after the relay had opened",
        "继电器断开 {limit} 秒后火焰仍未熄灭",
    ),
    "cure.still_lit": (
        "Turn the knob off now. Check for a welded or bridged contact, crossed relays, and a stuck gas valve.",
        "请立即关闭旋钮。请检查触点是否熔焊或被短接、继电器是否接反、燃气阀是否卡住。",
    ),
    "found.watched": (
        "seen to be out after {seconds} s (at most {limit} s)",
        "目视 {seconds} 秒后熄灭（上限 {limit} 秒）",
    ),
    "cure.watched": (
        "It rests on the installer's eyes alone: a flame sensor would prove each cut.",
        "仅凭安装人员目视；加装火焰传感器可证实每次切断。",
    ),
    "found.lets_go": (
        "valve heard after {heard} s, probe cold after {cooled} s (at most {limit} s)",
        "{heard} 秒后听到阀门关闭，{cooled} 秒后热电偶冷却（上限 {limit} 秒）",
    ),
    "found.does_not_let_go": (
        "valve heard after {heard} s, probe cold after {cooled} s; both must come within {limit} s",
        "{heard} 秒后听到阀门关闭，{cooled} 秒后热电偶冷却；两者均须在 {limit} 秒内",
    ),
    "cure.does_not_let_go": (
        "Turn the knob off now. The stove's own flame supervision does not close in time: it is bypassed or worn, and "
        "without it flameout cannot cut anything. Have it repaired first.",
        "请立即关闭旋钮。灶具自身的熄火保护未能及时关闭：已被短接或老化；没有它，flameout 什么也切断不了。请先修理。",
    ),
    "found.not_heard": (
        "nobody listened for the valve, and there is no thermocouple to measure",
        "无人听阀门声，也没有热电偶可测量",
    ),
    "found.interrupted": ("the test ended here: {why}", "测试在此结束：{why}"),
    "cure.interrupted": ("Mend that, and start the self-test again.", "请排除后重新开始自检。"),
    "found.not_done": ("not done, for what was found before it", "因前面的结果而未进行"),
    "found.reference_right": ("reads {mv} mV", "读数 {mv} mV"),
    "found.reference_wrong": ("reads {mv} mV in place of {wanted} mV", "读数 {mv} mV，应为 {wanted} mV"),
    "cure.reference_wrong": (
        "Check the converter, its supply and the reference's divider: its voltages cannot be believed.",
        "请检查转换器、其供电及参考分压电路：其电压不可信。",
    ),
    # --- the report
    "report.title": ("Commissioning of {stove}", "{stove} 调试验收报告"),
    "report.made_at": ("Time", "时间"),
    "report.installer": ("Installer", "安装人员"),
    "report.version": ("flameout", "flameout"),
    "report.config": ("Configuration", "配置"),
    "report.machine": ("Machine", "机器"),
    "report.step": ("Step", "步骤"),
    "report.result": ("Result", "结果"),
    "report.found": ("Found", "检查结果"),
    "report.measured": ("Measured", "测量值"),
    "report.signed": ("Signed off with SHA-256", "签署 SHA-256"),
    "report.simulated": ("Simulated hob: this proves nothing about a stove.", "模拟灶具：不能证明真实灶具的任何情况。"),
    "report.unnamed": ("not named", "未署名"),
    "result.ok": ("ok", "合格"),
    "result.warn": ("warn", "注意"),
    "result.fail": ("fail", "不合格"),
    "result.skip": ("skipped", "跳过"),
    "verdict.ok": ("Passed", "通过"),
    "verdict.warn": ("Passed, with warnings", "通过，但有注意事项"),
    "verdict.fail": ("Failed: do not use it like this", "未通过：在此状态下不得使用"),
}


class Words:
    """The sentences in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[key][self._column].format(**values)

    def found(self, finding: str, plain: bool, **values: object) -> str:
        """What was found; ``plain``: without a voltage to tell, where there is such a sentence."""
        key = f"found.{finding}"
        return self(f"{key}.plain" if plain and f"{key}.plain" in TEXTS else key, **values)

    def cure(self, finding: str, **values: object) -> str:
        """What to do about a finding; empty where nothing has to be done."""
        key = f"cure.{finding}"
        return self(key, **values) if key in TEXTS else ""


def language_of(environ: Mapping[str, str]) -> str:
    """zh where LC_ALL, or without it LANG, says so; else en."""
    named = environ.get("LC_ALL") or environ.get("LANG") or ""
    return "zh" if named.lower().startswith("zh") else "en"
