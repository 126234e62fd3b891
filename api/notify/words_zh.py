"""The notices in simplified Chinese."""

_CLOSE = "请立即把旋钮转到关闭位置，并关闭燃气总阀。"

ZH = {
    # warnings: what is going to happen in {left}
    "warn.timer": "“{name}”将在 {left}后关火。",
    "warn.limit": "“{name}”将在 {left}后关火：已经很久无人照看。",
    "warn.night": "“{name}”将在 {left}后关火：夜间锁定即将开始。",
    "warn.sweep": "“{name}”将在 {left}后关火：例行关火检查将断开所有继电器。",
    "warn.pause": "“{name}”将在 {left}后关火：继电器通电时间即将达到上限。",
    # cuts, by cause
    "cut.timer": "“{name}”已关火：定时结束。",
    "cut.limit": "“{name}”已关火：无人照看的时间已达上限。",
    "cut.energised": "“{name}”已关火：继电器通电时间已达上限。",
    "cut.user": "“{name}”已按要求关火。",
    "cut.shut_off_all": "“{name}”已关火：全部灶头都已关闭。",
    "cut.sweep": "“{name}”已关火：例行关火检查断开了所有继电器。",
    "cut.interlock": "“{name}”已关火：联锁 {source} 已触发。",
    "cut.lock": "“{name}”已关火：灶头已被锁定。",
    "cut.night": "“{name}”已关火：夜间锁定已开始。",
    "cut.restart": "“{name}”已关火：flameout 曾停止运行。",
    "cut.supervision": "“{name}”已关火：flameout 与继电器看守进程失去联系。",
    "cut.fault": "“{name}”已关火：发现故障。",
    "cut.unknown": "flameout 意外停止或断电时“{name}”处于开启状态或即将开启，其继电器当时已断开。",
    # proofs that failed
    "proof.contact_stuck": "“{name}”关火失败：继电器触点没有断开。请立即查看炉灶。",
    "proof.valve_stuck": "“{name}”关火失败：继电器已断开，火焰仍在燃烧。请立即查看炉灶。",
    "proof.still_lit": "“{name}”关火失败：火焰仍在燃烧。请立即查看炉灶。",
    "proof.crossed": "“{name}”关火失败：它的继电器关掉了另一个灶头。请立即查看炉灶。",
    # lockouts, and what to do
    "lockout.contact_stuck": f"“{{name}}”已锁死停用：继电器触点无法断开，因此无法关火。{_CLOSE}请更换继电器。",
    "lockout.valve_stuck": f"“{{name}}”已锁死停用：继电器已断开，火焰仍在燃烧。{_CLOSE}请找人检修燃气阀。",
    "lockout.still_lit": f"“{{name}}”已锁死停用：继电器已收到断开指令，火焰仍在燃烧。{_CLOSE}请检修继电器和燃气阀。",
    "lockout.crossed": f"“{{name}}”已锁死停用：它的继电器关掉了另一个灶头。{_CLOSE}"
    "请对调接线，然后运行 flameout selftest。",
    "lockout.foreign_voltage": f"“{{name}}”已锁死停用：回路中有并非火焰产生的电压。{_CLOSE}请检查测量引线。",
    "lockout.journal unreadable": "“{name}”已锁死停用：日志无法读取，其中可能记有锁死状态。请先查看炉灶，再复位。",
    "lockout.interlock": "“{name}”已锁死停用：联锁 {source} 曾触发。请先排除原因，再复位。",
    # problems
    "problem.keeper": "继电器看守进程已丢失，所有继电器均已断开；正在启动新的看守进程。",
    "problem.journal": "日志无法写入磁盘，请检查存储卡和剩余空间。",
    "problem.silent": "联锁 {source} 很久没有收到消息，目前不起保护作用，各项时限仍然有效。请检查消息来源。",
    "problem.stuck": "联锁 {source} 已持续触发一整天，请排除原因或检查接线。",
    "problem.clock": "系统时钟尚未校准，夜间锁定和例行关火检查暂不执行；请检查网络校时。",
    "problem.voltage": "“{name}”：没有火焰加热，热电偶上却有电压，说明有其他电源接入回路。"
    "请把旋钮转到关闭位置，关闭燃气总阀，并检查测量引线。",
    "problem.relay": "“{name}”：继电器已通电却没有闭合，请检查继电器、驱动电路和触点接线。",
    "problem.flame": "“{name}”：无法判断有没有火焰，请检查火焰传感器及其引线。",
    "problem.worn": "“{name}”：保持回路的电阻明显增大，火焰会自行熄灭；请检修继电器触点和插头。",
    "problem.other": "炉灶报告问题：{sentence}",
    # around them
    "test": "这是一条测试消息：flameout 可以联系到您。",
    "more": "另有 {n} 条消息。",
    "late": "（{ago}前）",
    "extend": "延长时间：{link}",
    "open": "打开页面：{link}",
    "day": "{n} 天",
    "days": "{n} 天",
    "hour": "{n} 小时",
    "hours": "{n} 小时",
    "minute": "{n} 分钟",
    "minutes": "{n} 分钟",
    "second": "{n} 秒",
    "seconds": "{n} 秒",
}
