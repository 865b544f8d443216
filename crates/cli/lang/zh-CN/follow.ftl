# `follow`。
follow-attention = 需要人工处理：{ $why }
follow-progress = 查询 { $asked } 次，重发 { $resent } 次，每秒 { $rate } 次：{ $counts }
follow-next = 还有 { $count } 个要再查，下一个在 { $at }
follow-nothing-due = 没有要再查的了
follow-no-share = 正在等待该商户调用速率的份额：数据库不可用，或其他进程占用了全部速率
follow-people = { $count } 个需要人工处理
follow-people-hint = `hongbao attention --profile { $profile }` 会列出它们，并说明怎么办
