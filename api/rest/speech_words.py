"""What is said aloud, in every language that is spoken here.

Every language has the same keys of ``SENTENCES`` with the same placeholders. English refusals and advice come from
where they arise, in words of their own; ``REFUSALS`` and ``ADVICE`` say them in the other languages, by the refusal's
code and the lockout's cause.
"""

from collections.abc import Mapping

from api.rest.languages import Language

Words = Mapping[str, str]

SENTENCES: Mapping[Language, Words] = {
    Language.ENGLISH: {
        "timer": "{name} shuts off at {clock}, in {left}.",
        "night": "{name} shuts off at {clock} for the night.",
        "sweep": "{name} shuts off at {clock} for the sweep.",
        "pause": "{name} shuts off at {clock}, when its relay has to pause.",
        "limit": "{name} is lit and shuts off at {clock} unless somebody attends to it.",
        "ready": "{name} is ready, without a timer.",
        "open": "{name} is off: its relay is open.",
        "shut_off": "{name} is shut off; turn the knob off.",
        "shut_off_open": "{name} is shut off: its relay is open; turn the knob off.",
        "interlock": "{name} is off because {cause} is active.",
        "lock.child": "{name} is locked by the child lock.",
        "lock.idle": "{name} is locked until somebody unlocks it.",
        "lock.night": "{name} is locked for the night.",
        "lock": "{name} is locked by {cause}.",
        "lockout": "{name} is locked out.",
        "problem": "{problem}",
        "day": "{amount} day",
        "days": "{amount} days",
        "hour": "{amount} hour",
        "hours": "{amount} hours",
        "minute": "{amount} minute",
        "minutes": "{amount} minutes",
        "second": "{amount} second",
        "seconds": "{amount} seconds",
        "between_units": " ",
        "between_sentences": " ",
    },
    Language.CHINESE: {
        "timer": "{name}{clock}关火，还有{left}。",
        "night": "{name}{clock}关火，夜间锁定从那时开始。",
        "sweep": "{name}{clock}关火，那时所有炉头都要断一次火。",
        "pause": "{name}{clock}关火，那时它的继电器要断开歇息。",
        "limit": "{name}正烧着，没人照看的话{clock}关火。",
        "ready": "{name}可以用，没有定时。",
        "open": "{name}关着，继电器断开。",
        "shut_off": "{name}已关火，请把旋钮关上。",
        "shut_off_open": "{name}已关火，继电器断开，请把旋钮关上。",
        "interlock": "{name}关着，因为{cause}触发了。",
        "lock.child": "{name}被儿童锁锁住了。",
        "lock.idle": "{name}锁着，要有人解锁才能用。",
        "lock.night": "{name}夜间锁定。",
        "lock": "{name}被{cause}锁住了。",
        "lockout": "{name}因故障锁定。",
        "problem": "炉灶有问题，英文说明是：{problem}",
        "day": "{amount}天",
        "days": "{amount}天",
        "hour": "{amount}小时",
        "hours": "{amount}小时",
        "minute": "{amount}分钟",
        "minutes": "{amount}分钟",
        "second": "{amount}秒",
        "seconds": "{amount}秒",
        "between_units": "",
        "between_sentences": "",
    },
}

_CLOSE_THE_TAP = "请关上旋钮，关掉燃气总阀"  # the tap before the stove; 燃气阀 is the valve in it
ADVICE: Mapping[Language, Words] = {
    Language.CHINESE: {
        "contact_stuck": f"{{name}}因故障锁定：继电器触点断不开，关不了火。{_CLOSE_THE_TAP}，然后更换继电器。",
        "valve_stuck": f"{{name}}因故障锁定：继电器已断开，火还在烧。{_CLOSE_THE_TAP}，请人检查燃气阀。",
        "still_lit": f"{{name}}因故障锁定：已让继电器断开，火还在烧。{_CLOSE_THE_TAP}，请人检查继电器和燃气阀。",
        "crossed": f"{{name}}因故障锁定：它的继电器断的是另一个炉头。{_CLOSE_THE_TAP}，把接线对调，"
        "再运行 flameout selftest。",
        "foreign_voltage": f"{{name}}因故障锁定：它的回路里有不是火焰产生的电压。{_CLOSE_THE_TAP}，检查测量线。",
        "journal unreadable": "{name}因故障锁定：运行记录读不出来，里面可能有故障锁定。请查看炉灶，然后复位。",
        "": "{name}因故障锁定：{cause}触发过。请排除原因，然后复位。",
    },
}

REFUSALS: Mapping[Language, Words] = {
    Language.CHINESE: {
        # a burner that is held: {wanted} is one of wanted.… below
        "being_shut_off": "{name}正在关火，{wanted}。",
        "locked": "{name}锁着（{cause}），{wanted}。",
        "shut_off_until_out": "{name}已关火，要等到火确实熄灭，最多再等{left}，{wanted}。",
        "shut_off_for": "{name}已关火，还要保持{left}，{wanted}。",
        "held_by_interlock": "{name}关着，因为{cause}触发了，{wanted}。",
        "held_by_lockout": "{name}因故障锁定（{cause}），{wanted}。",
        "wanted.timer": "现在不能定时",
        "wanted.extend": "现在不能延长",
        "wanted.attend": "现在没有火要照看",
        "cause.child": "儿童锁",
        "cause.idle": "闲置锁",
        "cause.night": "夜间锁",
        "cause.contact_stuck": "继电器触点断不开",
        "cause.valve_stuck": "燃气阀关不上",
        "cause.still_lit": "火关不掉",
        "cause.crossed": "继电器接错了炉头",
        "cause.foreign_voltage": "回路里有外来电压",
        "cause.journal unreadable": "运行记录读不出来",
        # timers
        "timer_too_short": "定时太短，至少一秒。",
        "timer_too_long": "定时{duration}太长，最长{longest}。",
        "extension_too_short": "延长的时间太短，至少一秒。",
        "no_timer": "{name}没有定时，先设一个吧。",
        "extended_enough": "{name}这次最多还能延长{left}，请重新定时。",
        "nothing_burns": "{name}没有在计时，也没看到火。",
        "burns_too_long": "{name}会连续烧超过{longest}，这不允许。",
        "default_timer_out_of_range": "默认定时要在一秒到{longest}之间。",
        "bad_duration": "时间没听懂，请写成 25m、1h30m、90s 这样，或者写秒数。",
        "ends_at_past": "关火的时刻已经过了，或者不到一秒。",
        # reset
        "reset_while_active": "{name}还不能复位，{cause}还触发着，请先排除原因。",
        "reset_too_early": "{name}还不能复位，继电器最多再断开{left}，好让燃气阀关严。",
        "reset_contact_unknown": "{name}还不能复位，测不到继电器触点。",
        "reset_contact_closed": "{name}还不能复位，继电器触点还闭合着，请先更换继电器。",
        "reset_while_lit": "{name}还不能复位，火还烧着。请把旋钮关上，排除故障（{cause}）。",
        "reset_flame_unknown": "{name}还不能复位，测不到火。请把旋钮关上，排除故障（{cause}）。",
        "reset_too_warm": "{name}还不能复位，火灭了以后还要再等{left}。",
        # the program itself
        "stopping": "flameout 正在停止，重新运行之前所有继电器都断开。",
        "no_keeper": "看护进程还没有就绪，就绪之前所有继电器都断开。",
        "not_on_record": "炉灶上已经执行，但还没有记录下来，因为磁盘有故障。磁盘恢复后会补记。",
        "no_burner": "没有这个炉头。",
        "no_address": "没有这个地址，/docs 里有全部地址。",
        # by the problem's type, where there is no code
        "not-confirmed": "没人确认继电器已经断开。看护进程正在更换，更换时所有继电器都会断开。请把旋钮关上。",
        "journal-failing": "运行记录的磁盘有故障，英文说明是：{detail}",
        "token-needed": "需要令牌。请用 flameout tokens add 生成一个。",
        "token-unknown": "这个令牌不认识，或者已经作废。",
        "role-too-low": "这个令牌的权限不够。",
        "other-burner": "这个令牌不能用于这个炉头。",
        "too-many-attempts": "错误的令牌太多，请等一分钟。",
        "foreign-host": "这个主机名不是本机的，需要的话请加到 rest.allowed_hosts。",
        "foreign-origin": "请求来自别的网站的页面，不接受。",
        "internal": "flameout 出错了，日志里有详情。",
        "not-now": "现在不行，英文说明是：{detail}",
        "bad-value": "这个值不对，英文说明是：{detail}",
        "": "做不到，英文说明是：{detail}",
    },
}
