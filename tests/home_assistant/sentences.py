"""What is said to Assist in tests, and what comes of it: language, sentence, and what is expected."""

ALL_OFF = [
    ("en", "turn off the stove", "Every burner is shut off. Turn the knobs off."),
    ("en", "stove off", "Every burner is shut off. Turn the knobs off."),
    ("en", "shut all burners off", "Every burner is shut off. Turn the knobs off."),
    ("zh-CN", "关火", "已全部关火，请把旋钮都关上。"),
    ("zh-CN", "把炉子关了", "已全部关火，请把旋钮都关上。"),
    ("zh-CN", "关掉燃气灶", "已全部关火，请把旋钮都关上。"),
    ("zh-CN", "把所有的火都关掉", "已全部关火，请把旋钮都关上。"),
]

ONE_OFF = [
    ("en", "turn off the left burner", "left", "Kitchen hob Left is shut off. Turn its knob off."),
    ("en", "switch the right burner off", "right", "Kitchen hob Right is shut off. Turn its knob off."),
    ("zh-CN", "关掉左边的火", "left", "Kitchen hob Left已关火，请把旋钮关上。"),
    ("zh-CN", "把右边灶关掉", "right", "Kitchen hob Right已关火，请把旋钮关上。"),
    ("zh-CN", "左灶关火", "left", "Kitchen hob Left已关火，请把旋钮关上。"),
]

TIMERS = [
    ("en", "shut the left burner off in twenty minutes", "left", 20),
    ("en", "turn off the right burner in 20 minutes", "right", 20),
    ("en", "set a timer for half an hour on the left burner", "left", 30),
    ("en", "set a five minute timer on the right burner", "right", 5),
    ("en", "left burner twenty-five minutes", "left", 25),
    ("zh-CN", "左边灶二十分钟后关火", "left", 20),
    ("zh-CN", "右灶20分钟以后关", "right", 20),
    ("zh-CN", "二十五分钟后关掉左边的火", "left", 25),
    ("zh-CN", "右边灶定时半小时", "right", 30),
    ("zh-CN", "左灶定时两分钟", "left", 2),
    ("zh-CN", "右边的火炖一个半小时", "right", 90),
    ("zh-CN", "把左灶定一百二十分钟", "left", 120),
    ("zh-CN", "右灶定时二百四十分钟", "right", 240),
]

EXTENSIONS = [
    ("en", "extend the left burner by ten minutes", 10),
    ("en", "five more minutes on the left burner", 5),
    ("en", "give the left burner 5 more minutes", 5),
    ("zh-CN", "左边灶再加十分钟", 10),
    ("zh-CN", "左灶再烧五分钟", 5),
    ("zh-CN", "把左灶延长一刻钟", 15),
]

TIME_LEFT = [
    ("en", "how long is left on the left burner", r"Kitchen hob Left has (19|20) minutes left\."),
    ("en", "when does the left burner go off", r"Kitchen hob Left has (19|20) minutes left\."),
    ("zh-CN", "左边灶还有多久", r"Kitchen hob Left还有(19|20)分钟。"),
    ("zh-CN", "左灶什么时候关火", r"Kitchen hob Left还有(19|20)分钟。"),
    ("en", "how long is left on the right burner", r"Kitchen hob Right has no timer running\."),
    ("zh-CN", "右边灶还有多久", "Kitchen hob Right没有在计时。"),
]

NOTHING_ON = [
    ("en", "is the stove on", "Nothing is burning on the stove."),
    ("zh-CN", "炉子关了吗", "灶上没有火。"),
    ("en", "did I leave the right burner on", "Kitchen hob Right is not burning."),
    ("zh-CN", "右边灶关了吗", "Kitchen hob Right没有火。"),
]

ON = [
    ("en", "is the stove still on", "Something is burning on the stove."),
    ("zh-CN", "火关了没有", "灶上有火。"),
    ("en", "is the left burner on", "Kitchen hob Left is burning."),
    ("zh-CN", "左边灶还开着吗", "Kitchen hob Left烧着。"),
]

OTHERS = [
    ("en", "turn off the kitchen light"),
    ("en", "turn on the stove"),
    ("en", "turn off the left"),
    ("en", "five more minutes"),
    ("zh-CN", "把火关小一点"),
    ("zh-CN", "开火"),
    ("zh-CN", "关灯"),
    ("zh-CN", "左边灶三百分钟后关火"),
]
SAID = {
    (entry[0], entry[1])
    for table in (ALL_OFF, ONE_OFF, TIMERS, EXTENSIONS, TIME_LEFT, NOTHING_ON, ON)
    for entry in table
}
